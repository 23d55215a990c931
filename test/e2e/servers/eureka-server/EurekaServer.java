package com.acme.eureka;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/**
 * A Eureka server. With {@code spring.security.user.password} it wants that user and password by basic authentication;
 * without, it lets everybody in.
 */
@SpringBootApplication
@EnableEurekaServer
public class EurekaServer {
  public static void main(String[] arguments) {
    SpringApplication.run(EurekaServer.class, arguments);
  }

  @Bean
  SecurityFilterChain access(HttpSecurity http, Environment environment) throws Exception {
    // Eureka's clients know no tokens.
    http.csrf(csrf -> csrf.disable());
    if (environment.containsProperty("spring.security.user.password")) {
      http.authorizeHttpRequests(requests -> requests.anyRequest().authenticated()).httpBasic(Customizer.withDefaults());
    } else {
      http.authorizeHttpRequests(requests -> requests.anyRequest().permitAll());
    }
    return http.build();
  }
}
