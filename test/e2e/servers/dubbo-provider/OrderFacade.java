package com.acme.order.api;

public interface OrderFacade {
  String query(String id);
}
