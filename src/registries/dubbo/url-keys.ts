/**
 * Which parameters of a provider URL are facts about the provider, and which only configure
 * Dubbo itself. The latter never become labels: some change at every start (`pid`, `timestamp`),
 * some are huge (`methods`), some are secret (`token`), none helps to choose an endpoint.
 */

const machinery = new Set(
  `REGISTRY_CLUSTER accepts accesslog actives alive anyhost async background bean.name bind.ip bind.port buffer cache callbacks category charset check
  client cluster codec compressible-serialization configVersion connect.timeout connections corethreads delay deprecated dispatcher
  document dubbo dubbo.endpoints dubbo.metadata-service.url-params dubbo.metadata.revision dump.directory dynamic disabled enabled empty exchanger executes executor-management-mode
  export exporter.listener ext.protocol extra-keys file file-cache filter generic heartbeat heartbeat.timeout id IDL-mode init
  interface invoker.listener iothreads ipv6 isExtra ispuserver keep.alive lazy loadbalance local logger max-client-recv-msg-size
  max-client-send-msg-size max-server-recv-msg-size max-server-send-msg-size mapping-type merger meta-v metadata metadata-service-port
  metadata-type methods migration.step mock monitor name oninvoke onreturn onthrow optimizer password path payload pid port prefer.serialization prompt
  protocol provided-by providerAddresses proxy publish-instance publish-interface queues ratelimit reconnect reference.filter register register-mode
  release remote.application remote.timestamp retries return revision router scope sent serialization server service-name-mapping service.filter service.name serialize.check.status
  share.threadpool shutdown.wait side simplified sticky stub subscribe telnet threadname threadpool threads timeout timestamp token
  tps tps.limit.interval tps.limit.rate transporter unloadClusterRelated username validation version-validate wait warmup`.split(/\s+/),
);

const machineryPrefix = /^(?:bind|default|metadata|qos|registry|tps|dubbo\.metadata|dubbo\.subscribed-services)\./;

/** The last word of keys that configure one method: `create.timeout`, `create.0.callback`. */
const methodSetting =
  /\.(?:actives|async|cache|callback|deprecated|executes|loadbalance|merger|mock|oninvoke(?:\.method)?|onreturn(?:\.method)?|onthrow(?:\.method)?|reliable|retries|retry|return|sent|stat|sticky|timeout|validation|weight)$/;

/** True if the parameter configures Dubbo and says nothing a mesh could use. */
export function isMachinery(key: string): boolean {
  return machinery.has(key) || machineryPrefix.test(key) || methodSetting.test(key);
}
