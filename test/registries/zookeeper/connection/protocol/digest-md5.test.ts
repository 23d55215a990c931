import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { answerChallenge, readChallenge } from "../../../../../src/registries/zookeeper/connection/protocol/digest-md5.ts";

const challenge = (text: string) => readChallenge(Buffer.from(text));

suite("DIGEST-MD5", () => {
  test("answers the example of RFC 2831", () => {
    const read = challenge('realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8');
    const { token, proof } = answerChallenge(read, { user: "chris", password: "secret" }, "OA6MHXh6VqTrRk", "imap/elwood.innosoft.com");
    assert.equal(
      token.toString(),
      'charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",' +
        'digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth',
    );
    assert.equal(proof, "rspauth=ea40f60335c427b5527b84dbabcdfffd");
  });

  test("reads challenges in any order, with blanks, escapes, further directives and several realms", () => {
    const text =
      ' nonce = "a\\"b\\\\c" ,,algorithm=md5-sess, realm="first",realm="second",maxbuf=65536,stale=false, qop="auth-int , auth",new="x,y"';
    assert.deepEqual(challenge(text), { nonce: 'a"b\\c', realm: "first" });
    assert.deepEqual(challenge("nonce=n,algorithm=md5-sess"), { nonce: "n", realm: "" });
  });

  test("quotes what has to be quoted", () => {
    const { token } = answerChallenge({ realm: 'r"', nonce: "n\\" }, { user: 'a"\\', password: "p" }, "c");
    assert.match(token.toString(), /username="a\\"\\\\",realm="r\\"",nonce="n\\\\"/);
  });

  test("hashes names in Latin-1 where that holds them, and else in UTF-8", () => {
    const response = (user: string, cnonce: string) => {
      const { token } = answerChallenge({ realm: "r", nonce: "n" }, { user, password: "p" }, cnonce);
      return /response=([0-9a-f]{32}),/.exec(token.toString())?.[1];
    };
    // As Java's client answered (JDK 17, observed).
    assert.equal(response("é", "Sg8R6sWTixdbN/c7/2BjxOseapIxx0i6pmh8nuGH"), "a7acb742866db61c9f7f3bc7ab78c5f2");
    assert.equal(response("é中", "7fzsOLL/jvzAYuR8lhc0yka2xyFtrIUr1bbJxwwo"), "64c5bc8aa39e86bd4615506195d44629");
  });

  for (const text of [
    "",
    "hello",
    'nonce="open',
    "nonce=n",
    'nonce="",algorithm=md5-sess',
    "nonce=n,algorithm=md5",
    'nonce=n,algorithm=md5-sess,qop="auth-conf"',
    `nonce=${"n".repeat(3_000)},algorithm=md5-sess`,
  ]) {
    test(`refuses ${JSON.stringify(text.slice(0, 60))}`, () => {
      assert.throws(() => challenge(text), RangeError);
    });
  }

  test("takes any bytes for a challenge or refuses them, and is quick about it", () => {
    const pieces = fc.constantFrom('"', "\\", ",", "=", " ", "nonce", "realm", "qop", "algorithm", "md5-sess", "auth", "\u0000", "é");
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 400 }).map((each) => each.join("")),
    );
    fc.assert(
      fc.property(text, (each) => {
        try {
          const { nonce, realm } = challenge(each);
          assert.equal(typeof nonce + typeof realm, "stringstring");
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
