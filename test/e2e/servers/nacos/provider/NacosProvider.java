package invalid.example.nacos;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * An application that registers itself in Nacos with the official client, until it is stopped.
 *
 * <p>Arguments: server, namespace, user and password (each may be empty), then each instance as {@code
 * group@@service@@address@@port}. A client holds one instance of a service, so each instance has a client of its own.
 */
public class NacosProvider {
  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("serverAddr", arguments[0]);
    properties.setProperty("namespace", arguments[1]);
    properties.setProperty("username", arguments[2]);
    properties.setProperty("password", arguments[3]);
    for (String text : List.of(arguments).subList(4, arguments.length)) {
      String[] parts = text.split("@@");
      Instance instance = new Instance();
      instance.setIp(parts[2]);
      instance.setPort(Integer.parseInt(parts[3]));
      instance.setMetadata(Map.of("version", "v1"));
      NamingService naming = NacosFactory.createNamingService(properties);
      naming.registerInstance(parts[1], parts[0], instance);
      System.out.println("registered " + text);
    }
    Thread.currentThread().join();
  }
}
