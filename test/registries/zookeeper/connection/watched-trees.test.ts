import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { WatchedTrees } from "../../../../src/registries/zookeeper/connection/watched-trees.ts";
import { eventType } from "../../../support/fake-zookeeper/protocol.ts";

function trees(...roots: string[]): WatchedTrees {
  const watched = new WatchedTrees();
  for (const root of roots) watched.add(root);
  return watched;
}

suite("watched trees", () => {
  test("are their roots and what lies below, not what is called alike", () => {
    const watched = trees("/dubbo", "/services/a");
    const paths = ["/dubbo", "/dubbo/x/providers", "/services/a/b", "/dubbo2", "/services", "/services/ab", "/"];
    assert.deepEqual(
      paths.filter((path) => watched.covers(path)),
      paths.slice(0, 3),
    );
  });

  test("can be everything", () => {
    assert.ok(["/", "/a", "/a/b"].every((path) => trees("/").covers(path)));
  });

  test("tell what came and went of the parent, too, as long as it belongs to them", () => {
    const watched = trees("/dubbo");
    for (const kind of [eventType.created, eventType.deleted]) {
      assert.deepEqual(watched.changedBy(kind, "/dubbo/x/providers/p"), ["/dubbo/x/providers", "/dubbo/x/providers/p"]);
      assert.deepEqual(watched.changedBy(kind, "/dubbo/x"), ["/dubbo", "/dubbo/x"]);
      assert.deepEqual(watched.changedBy(kind, "/dubbo"), ["/dubbo"]);
      assert.deepEqual(trees("/").changedBy(kind, "/a"), ["/", "/a"]);
      assert.deepEqual(trees("/").changedBy(kind, "/"), ["/"]);
    }
  });

  test("tell other events of the node alone, those of servers that send too many (ZOOKEEPER-4475) or unknown ones among them", () => {
    for (const kind of [eventType.dataChanged, eventType.childrenChanged, 5, -3]) {
      assert.deepEqual(trees("/dubbo").changedBy(kind, "/dubbo/x"), ["/dubbo/x"]);
    }
  });

  test("leave alone what one-shot watches tell beside them", () => {
    assert.deepEqual(trees("/dubbo").changedBy(eventType.created, "/services/a"), ["/services/a"]);
  });
});
