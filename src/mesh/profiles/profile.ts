/** What differs between the control planes a translation can be made for. */
export interface Profile {
  readonly id: string;
  /** What a registry's protocol word (lower-case) becomes. Total: unknown words have an answer, too. */
  protocol(word: string): MeshProtocol;
  /** What an unset weight counts beside set ones, by registry kind. */
  defaultWeight(kind: string): number;
}

export interface MeshProtocol {
  /** The value of `ports[].protocol`. */
  readonly name: string;
  /** The port name for ports without one: a DNS label that carries the registry's own word. */
  readonly portName: string;
  /**
   * How a proxy tells two services on one port number apart: by the request (`host`: HTTP
   * authority or TLS server name), or only by the address (`address`).
   */
  readonly told: "host" | "address";
}
