package com.acme.stock;

import java.util.List;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;

/**
 * A Spring Cloud application that registers itself in every ZooKeeper that it is told, until it is stopped.
 *
 * <p>Arguments: name, registered address, port, session time-out in ms, then each ZooKeeper as {@code
 * host:port,host:port}. Each gets a context of its own, which listens on a free port; the given one is only registered.
 */
@SpringBootApplication
public class Application {
  public static void main(String[] arguments) {
    for (String servers : List.of(arguments).subList(4, arguments.length)) {
      new SpringApplicationBuilder(Application.class)
          .run(
              "--spring.application.name=" + arguments[0],
              "--server.address=127.0.0.1",
              "--server.port=0",
              "--spring.cloud.zookeeper.connect-string=" + servers,
              "--spring.cloud.zookeeper.session-timeout=" + arguments[3] + "ms",
              "--spring.cloud.zookeeper.discovery.instance-host=" + arguments[1],
              "--spring.cloud.zookeeper.discovery.instance-port=" + arguments[2]);
    }
  }
}
