package com.acme.order;

import com.acme.order.api.OrderFacade;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

/**
 * A Dubbo provider of one service, registered in every ZooKeeper that it is told, until it is stopped. The same
 * source makes one of Dubbo 2.7 and one of Dubbo 3.3.
 *
 * <p>Arguments: application, port, session time-out in ms, then each ZooKeeper as {@code host:port,host:port}. The
 * registered address comes from {@code DUBBO_IP_TO_REGISTRY}, the register mode from Dubbo's own properties.
 */
public final class Provider {
  public static void main(String[] arguments) {
    ApplicationConfig application = new ApplicationConfig(arguments[0]);
    application.setQosEnable(false);
    ProtocolConfig protocol = new ProtocolConfig("dubbo", Integer.parseInt(arguments[1]));
    // Dubbo takes 127.0.0.1 for a mistake and listens on every address instead; by a name it listens there.
    protocol.setHost("loopback.invalid");
    ServiceConfig<OrderFacade> service = new ServiceConfig<>();
    service.setInterface(OrderFacade.class);
    service.setRef(id -> id);
    DubboBootstrap.getInstance()
        .application(application)
        .protocol(protocol)
        .registries(registries(arguments[2], List.of(arguments).subList(3, arguments.length)))
        .service(service)
        .start()
        .await();
  }

  private static List<RegistryConfig> registries(String sessionTimeout, List<String> ensembles) {
    List<RegistryConfig> registries = new ArrayList<>();
    for (String servers : ensembles) {
      RegistryConfig registry = new RegistryConfig("zookeeper://" + servers.replaceFirst(",", "?backup="));
      registry.setId("registry" + registries.size());
      registry.setTimeout(30_000);
      // The key of Dubbo 3, and the one of Dubbo 2.7.
      registry.setParameters(Map.of("session", sessionTimeout, "zk.session.expire", sessionTimeout));
      registries.add(registry);
    }
    return registries;
  }
}
