package com.acme.pay;

import com.alipay.sofa.registry.client.api.registration.PublisherRegistration;
import com.alipay.sofa.registry.client.provider.DefaultRegistryClient;
import com.alipay.sofa.registry.client.provider.DefaultRegistryClientConfigBuilder;
import java.util.List;

/**
 * Publishes with the official client until it is stopped, as SOFARPC's providers do.
 *
 * <p>Arguments: the session server's address, the application's name, a dataId, then the data.
 */
public class Publisher {
  public static void main(String[] arguments) throws Exception {
    DefaultRegistryClient client =
        new DefaultRegistryClient(
            new DefaultRegistryClientConfigBuilder()
                .setRegistryEndpoint(arguments[0])
                .setRegistryEndpointPort(9603)
                .setAppName(arguments[1])
                .setDataCenter("DefaultDataCenter")
                .setZone("DEFAULT_ZONE")
                .build());
    client.init();
    PublisherRegistration registration = new PublisherRegistration(arguments[2]);
    registration.setGroup("SOFA");
    client.register(registration, List.of(arguments).subList(3, arguments.length).toArray(String[]::new));
    Thread.currentThread().join();
  }
}
