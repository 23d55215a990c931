package com.acme.registry;

import com.alipay.sofa.registry.net.NetUtil;
import com.alipay.sofa.registry.server.integration.RegistryApplication;
import java.lang.reflect.Field;
import java.net.InetAddress;

/**
 * A whole SOFARegistry in one process, at an address that it would not choose by itself: it refuses loopback.
 *
 * <p>Argument: the address at which its servers find each other, and clients find them.
 */
public class Launcher {
  public static void main(String[] arguments) throws Exception {
    Field address = NetUtil.class.getDeclaredField("LOCAL_ADDRESS");
    address.setAccessible(true);
    address.set(null, InetAddress.getByName(arguments[0]));
    RegistryApplication.main(new String[0]);
  }
}
