import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkTemplate, compileTemplate } from "../../src/naming/template.ts";

describe("host template", () => {
  it("leaves out a section whose placeholder is empty", () => {
    const template = compileTemplate("{name}[.v-{version}][.{group}]", "dubbo");
    assert.equal(template.render({ name: "a.b", group: "blue" }), "a.b.blue");
    assert.equal(template.render({ name: "a.b", version: "1" }), "a.b.v-1");
    assert.equal(template.render({ name: "a.b" }), "a.b");
  });

  it("keeps the dots of the name and makes one label of everything else", () => {
    const template = compileTemplate("{name}.{version}.{group}.{namespace}.{registry}", "dubbo");
    const values = { name: "com.acme.Order", version: "1.2.0", group: "g.1", namespace: "n.s", registry: "zk.a" };
    assert.equal(template.render(values), "com.acme.Order.1-2-0.g-1.n-s.zk-a");
  });

  it("puts an unmentioned protocol in front", () => {
    assert.equal(compileTemplate("{name}", "dubbo").render({ name: "a", protocol: "tri" }), "tri.a");
    assert.equal(compileTemplate("{name}[-{protocol}]", "dubbo").render({ name: "a", protocol: "tri" }), "a-tri");
  });

  it("does not say the suffix twice", () => {
    assert.equal(compileTemplate("{name}.mesh.dubbo", "mesh.dubbo").render({ name: "a" }), "a");
    assert.equal(compileTemplate("{name}dubbo", "dubbo").render({ name: "a" }), "adubbo");
  });

  for (const [text, column, word] of [
    ["{name}.{grup}", 8, "unknown placeholder {grup}"],
    ["{name", 1, "never closed"],
    ["{name}[.{group}", 7, "never closed"],
    ["{name}]", 7, "closes no section"],
    ["{name}[.{group}[.{version}]]", 16, "do not nest"],
    ["{name}[.x]", 7, "needs a placeholder"],
    ["{name}_x", 7, '"_" cannot stand in a host'],
    ["{name}.Dubbo", 8, '"D" cannot stand in a host'],
    ["{group}", 1, "{name} is missing"],
    ["[{name}]", 1, "{name} is missing"],
    ["", 1, "{name} is missing"],
  ] as const) {
    it(`refuses "${text}" at column ${column}`, () => {
      const problem = checkTemplate(text);
      assert.equal(problem?.column, column);
      assert.ok(problem?.message.includes(word), problem?.message);
      assert.throws(() => compileTemplate(text, "dubbo"), { code: "CONFIG_INVALID" });
    });
  }

  it("either compiles or names a column inside the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", "}", "[", "]", "name", "group", ".", "-", "x", "_", "{name}") }), (text) => {
        const problem = checkTemplate(text);
        if (problem === undefined) compileTemplate(text, "dubbo").render({ name: "a" });
        else assert.ok(problem.column >= 1 && problem.column <= Math.max(1, text.length));
      }),
    );
  });
});
