package invalid.example.nacos;

import com.alibaba.nacos.core.code.ControllerMethodsCache;
import com.alibaba.nacos.sys.filter.NacosTypeExcludeFilter;
import javax.annotation.PostConstruct;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.AutoConfigurationExcludeFilter;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.TypeExcludeFilter;
import org.springframework.boot.web.servlet.ServletComponentScan;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.scheduling.annotation.EnableScheduling;

/** A Nacos server that stands alone, without its console. Everything else is said by properties. */
@SpringBootApplication
@ComponentScan(
    basePackages = "com.alibaba.nacos",
    excludeFilters = {
      @ComponentScan.Filter(
          type = FilterType.CUSTOM,
          classes = {NacosTypeExcludeFilter.class, TypeExcludeFilter.class, AutoConfigurationExcludeFilter.class})
    })
@ServletComponentScan("com.alibaba.nacos")
@EnableScheduling
public class NacosServer {
  @Autowired private ControllerMethodsCache methods;

  public static void main(String[] arguments) {
    SpringApplication.run(NacosServer.class, arguments);
  }

  /** Of a path that is not known here, the server would say 501. */
  @PostConstruct
  void knowControllers() {
    for (String name : new String[] {"core.controller", "naming.controllers", "config.server.controller"}) {
      methods.initClassMethod("com.alibaba.nacos." + name);
    }
  }
}
