import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { nameService } from "../../../src/naming/name-service.ts";
import { registryNaming } from "../../../src/naming/registry-naming.ts";
import type { Problem } from "../../../src/registries/contract.ts";
import type { Instance } from "../../../src/registries/service.ts";
import { parseDataInfoId } from "../../../src/registries/sofa/data-info-id.ts";
import { sofaKind } from "../../../src/registries/sofa/kind.ts";
import type { Segment } from "../../../src/registries/sofa/messages/session-codec.ts";
import { isProvider, parseProvider } from "../../../src/registries/sofa/provider/provider-string.ts";
import { publishedService } from "../../../src/registries/sofa/provider/published-service.ts";
import { serviceName } from "../../../src/registries/sofa/provider/service-key.ts";

const now = 1_795_000_000_000;

function idOf(dataId: string, group = "SOFA", instanceId = "DEFAULT_INSTANCE_ID") {
  return { dataId, instanceId, group };
}

function segment(data: readonly string[], { name = "DefaultDataCenter", zone = "DEFAULT_ZONE" } = {}): Segment {
  return { name, version: 2n, zones: new Map([[zone, data]]) };
}

function read(dataId: string, segments: readonly Segment[], warmUp = true, at = now) {
  const id = idOf(dataId);
  const problems: Problem[] = [];
  const report = (problem: Problem): void => void problems.push(problem);
  return { ...publishedService(serviceName(id).key, [{ id, segments }], { now: at, warmUp, report }), problems };
}

function instancesOf(dataId: string, ...data: readonly string[]): readonly Instance[] {
  return read(dataId, [segment(data)]).service.instances;
}

suite("names of what is published", () => {
  const mesh = { namespace: "tributary", clusterDomain: "cluster.local" };
  const config = { id: "sofa", type: "sofa", naming: { allowOutsideSuffix: false, allowClusterDomain: false } };
  const naming = registryNaming(config, sofaKind.naming, mesh);

  for (const [dataId, group, instanceId, protocol, host] of [
    ["com.acme.PayFacade:1.0@DEFAULT", "SOFA", "DEFAULT_INSTANCE_ID", "bolt", "com.acme.payfacade.sofa"],
    ["com.acme.PayFacade:1.0@tri", "SOFA", "DEFAULT_INSTANCE_ID", "tri", "tri.com.acme.payfacade.sofa"],
    ["com.acme.PayFacade:2.1@DEFAULT", "SOFA", "DEFAULT_INSTANCE_ID", "bolt", "com.acme.payfacade.v-2-1.sofa"],
    ["com.acme.PayFacade:1.0:blue@DEFAULT", "SOFA", "DEFAULT_INSTANCE_ID", "bolt", "com.acme.payfacade.v-1-0-blue.sofa"],
    ["com.acme.PayFacade:1.0@DEFAULT", "DEFAULT_GROUP", "T1", "bolt", "com.acme.payfacade.g-default-group.n-t1.sofa"],
    ["com.acme.OrderFacade@dubbo", "SOFA", "DEFAULT_INSTANCE_ID", "dubbo", "dubbo.com.acme.orderfacade.sofa"],
    ["com.acme.OrderFacade:1.0:g1@dubbo", "SOFA", "DEFAULT_INSTANCE_ID", "dubbo", "dubbo.com.acme.orderfacade.v-1-0-g1.sofa"],
    ["whatever", "SOFA", "DEFAULT_INSTANCE_ID", "bolt", "whatever.sofa"],
    ["com.acme.PayFacade@DEFAULT", "SOFA", "DEFAULT_INSTANCE_ID", "bolt", "com.acme.payfacade-default.sofa"],
  ] as const) {
    test(`${dataId} in ${group} of ${instanceId} speaking ${protocol}: ${host}`, () => {
      const { key } = serviceName(idOf(dataId, group, instanceId));
      const instance = { id: "1", address: "10.0.0.1", ports: [{ number: 1, protocol }] };
      const { named, refusals } = nameService({ key, instances: [instance] }, naming);
      assert.deepEqual(
        named.map((each) => each.host),
        [host],
      );
      assert.deepEqual(refusals, []);
    });
  }

  test("ids that differ only in the protocol are one service, others are not", () => {
    const key = (dataId: string, group?: string) => JSON.stringify(serviceName(idOf(dataId, group)).key);
    assert.equal(key("a.B:1.0@DEFAULT"), key("a.B:1.0@rest"));
    const ids = ["a.B:1.0@DEFAULT", "a.B:1.0:x@DEFAULT", "a.B:1.1@DEFAULT", "a.B@DEFAULT", "a.B:1.0@dubbo"];
    assert.equal(new Set([...ids.map((id) => key(id)), key(ids[0]!, "other")]).size, ids.length + 1);
  });

  test("a dataInfoId has three parts", () => {
    assert.deepEqual(parseDataInfoId("a#@#b#@#c"), { dataId: "a", instanceId: "b", group: "c" });
    for (const text of ["a", "a#@#b", "a#@#b#@#", "a#@#b#@#c#@#d", `${"x".repeat(2_000)}#@#b#@#c`])
      assert.equal(parseDataInfoId(text), undefined);
  });
});

suite("provider strings", () => {
  for (const [dataId, text, instance] of [
    [
      "a.B:1.0@DEFAULT",
      "10.1.2.3:12200?rpcVer=51403&serialization=hessian2&weight=100&timeout=3000&appName=app1&p=1&v=4.0&_SERIALIZETYPE=hessian2&_WEIGHT=100&_TIMEOUT=3000&app_name=app1&startTime=1690000000000",
      {
        id: "bolt://10.1.2.3:12200",
        address: "10.1.2.3",
        ports: [{ number: 12200, protocol: "bolt" }],
        weight: 100,
        labels: { application: "app1", serialization: "hessian2", version: "1.0" },
      },
    ],
    [
      "a.B:1.0:blue@DEFAULT",
      "10.244.22.1:8080?zone=GZ00A&self_app_name=icard&app_name=card&_TIMEOUT=3000&_SERIALIZETYPE=4&_WEIGHT=0&.echo.timeout=3333&[echo]=[clientTimeout#3333]&env=gray&accessToken=x",
      {
        id: "bolt://10.244.22.1:8080",
        address: "10.244.22.1",
        ports: [{ number: 8080, protocol: "bolt" }],
        weight: 0,
        labels: { application: "card", serialization: "hessian2", env: "gray", version: "1.0", uniqueId: "blue" },
      },
    ],
    [
      "a.B:1.0@DEFAULT",
      "10.0.0.1:12200?p=13",
      { id: "tr://10.0.0.1:12200", address: "10.0.0.1", ports: [{ number: 12200, protocol: "tr" }], labels: { version: "1.0" } },
    ],
    [
      "a.B:1.0@tri",
      "tri://10.0.0.1:50051?weight=50.5",
      {
        id: "tri://10.0.0.1:50051",
        address: "10.0.0.1",
        ports: [{ number: 50051, protocol: "tri" }],
        weight: 50.5,
        labels: { version: "1.0" },
      },
    ],
    [
      "a.B:1.0@rest",
      "10.0.0.1:8341/ctx?disabled=true",
      {
        id: "rest://10.0.0.1:8341",
        address: "10.0.0.1",
        ports: [{ number: 8341, protocol: "rest" }],
        health: "disabled",
        labels: { version: "1.0" },
      },
    ],
    [
      "a.B:1.0@h2c",
      "[2001:DB8::1]:12300",
      { id: "h2c://[2001:db8::1]:12300", address: "2001:db8::1", ports: [{ number: 12300, protocol: "h2c" }], labels: { version: "1.0" } },
    ],
    [
      "a.B:1.0@http",
      "Node-1.Example.com:80",
      {
        id: "http://node-1.example.com:80",
        address: "node-1.example.com",
        ports: [{ number: 80, protocol: "http" }],
        labels: { version: "1.0" },
      },
    ],
    [
      "a.B:1.0@dubbo",
      "dubbo://10.0.0.9:20880/a.B?application=order&version=1.0&weight=7&methods=a,b&interface=a.B&dubbo.tag=50%",
      {
        id: "dubbo://10.0.0.9:20880",
        address: "10.0.0.9",
        ports: [{ number: 20880, protocol: "dubbo" }],
        weight: 7,
        labels: { application: "order", version: "1.0", "dubbo.tag": "50%" },
      },
    ],
    ["odd", "bolt://10.0.0.1:1", { id: "bolt://10.0.0.1:1", address: "10.0.0.1", ports: [{ number: 1, protocol: "bolt" }] }],
  ] as const) {
    test(`${dataId}: ${text.slice(0, 60)}`, () => assert.deepEqual(instancesOf(dataId, text), [instance]));
  }

  for (const [text, code] of [
    ['{"host":"10.0.0.1","port":80}', "bad-address"],
    ["just words", "bad-url"],
    ["", "bad-url"],
    ["10.0.0.1:99999", "bad-port"],
    ["10.0.0.1:", "bad-port"],
    ["0.0.0.0:80", "bad-address"],
    [`10.0.0.1:80?x=${"y".repeat(70_000)}`, "bad-url"],
    ["dubbo://10.0.0.1:0/a.B", "bad-port"],
  ] as const) {
    test(`${text.slice(0, 40) || "nothing"} is skipped as ${code}, and costs only itself`, () => {
      const { service, problems } = read("a.B:1.0@DEFAULT", [segment([text, "10.0.0.1:12200"])]);
      assert.deepEqual(
        service.instances.map(({ id }) => id),
        ["bolt://10.0.0.1:12200"],
      );
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.where]),
        [[code, "a.B:1.0@DEFAULT#@#DEFAULT_INSTANCE_ID#@#SOFA"]],
      );
    });
  }

  test("without a scheme and a known tag it has to say the protocol", () => {
    assert.deepEqual(
      read("odd", [segment(["10.0.0.1:1"])]).problems.map(({ code }) => code),
      ["bad-url"],
    );
    assert.equal(instancesOf("odd", "10.0.0.1:1?p=1").length, 1);
  });

  test("of any text are read or refused", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(fc.ipV4(), fc.webQueryParameters()).map(([ip, query]) => `${ip}:80?${query}`),
        ),
        (text) => {
          for (const usual of ["bolt", undefined]) {
            const parsed = parseProvider(text, usual);
            if (isProvider(parsed)) assert.ok(parsed.port >= 1 && parsed.port <= 65_535 && Object.keys(parsed.labels).length <= 32);
            else assert.ok(parsed.problem.message.length < 400);
          }
          read("a.B:1.0@dubbo", [segment([text, `dubbo://${text}`])]);
        },
      ),
    );
  });
});

suite("published services", () => {
  test("a data center is a region and a zone is one, unless they are the usual ones", () => {
    const segments = [
      segment(["10.0.0.1:1"], { name: "east", zone: "GZ00A" }),
      segment(["10.0.0.2:1"], { name: "west" }),
      segment(["10.0.0.3:1"], { zone: "GZ00B" }),
      segment(["10.0.0.4:1"]),
    ];
    const { instances } = read("a.B:1.0@DEFAULT", segments).service;
    assert.deepEqual(
      instances.map(({ locality }) => locality),
      [{ region: "east", zone: "GZ00A" }, { region: "west" }, { region: "DefaultDataCenter", zone: "GZ00B" }, undefined],
    );
    assert.equal(instances[0]?.labels?.zone, "GZ00A");
  });

  test("of one that is there twice the later start counts, in whatever order they are told", () => {
    const [old, young] = ["10.0.0.1:1?weight=1&startTime=100", "10.0.0.1:1?weight=2&startTime=200"];
    for (const data of [
      [old, young],
      [young, old],
    ])
      assert.equal(instancesOf("a.B:1.0@DEFAULT", ...data)[0]?.weight, 2);
    const [one, other] = ["10.0.0.1:1?weight=1", "10.0.0.1:1?weight=2"];
    assert.deepEqual(instancesOf("a.B:1.0@DEFAULT", one, other), instancesOf("a.B:1.0@DEFAULT", other, one));
  });

  test("a provider that warms up has the weight it wants, until it is warm", () => {
    const text = `10.0.0.1:1?weight=100&warmupWeight=10&warmupTime=60000&startTime=${now - 20_000}`;
    const cold = read("a.B:1.0@DEFAULT", [segment([text])]);
    assert.deepEqual([cold.service.instances[0]?.weight, cold.changesAt], [10, now + 40_000]);
    const warm = read("a.B:1.0@DEFAULT", [segment([text])], true, now + 40_000);
    assert.deepEqual([warm.service.instances[0]?.weight, warm.changesAt], [100, undefined]);
    assert.equal(read("a.B:1.0@DEFAULT", [segment([text])], false).service.instances[0]?.weight, 100);
    const ahead = `10.0.0.1:1?weight=100&warmupWeight=10&warmupTime=60000&startTime=${now + 3_600_000}`;
    assert.equal(read("a.B:1.0@DEFAULT", [segment([ahead])]).service.instances[0]?.weight, 100, "its clock is wrong");
  });
});
