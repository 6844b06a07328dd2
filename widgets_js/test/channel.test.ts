import { expect, test } from "vitest";
import { Channel } from "../src/channel";
import { Mover } from "../src/mover";
import { FakeModel, later } from "./model";

test("answers find their requests, whatever the order", async () => {
  const fake = new FakeModel();
  const channel = new Channel(fake.model);
  const first = channel.request("log", { start: 0 });
  const second = channel.request("log", { start: 200 });
  fake.answer("second", 1);
  fake.answer("first", 0);
  expect((await first).result).toBe("first");
  expect((await second).result).toBe("second");
  expect(fake.sent[0]).toMatchObject({ kind: "log", start: 0 });
});

test("an error is part of the answer", async () => {
  const fake = new FakeModel();
  const asked = new Channel(fake.model).request("cancel");
  fake.tell("msg:custom", { id: fake.sent[0]?.id, ok: false, error: "no" });
  expect(await asked).toMatchObject({ ok: false, error: "no" });
});

test("a send that fails means the kernel is gone, said once", async () => {
  const fake = new FakeModel();
  const channel = new Channel(fake.model);
  let gone = 0;
  channel.onGone = () => {
    gone += 1;
  };
  fake.dead = true;
  fake.tell("comm_live_update");
  expect((await channel.request("log")).ok).toBe(false);
  expect((await channel.request("log")).error).toBe("the kernel is gone");
  expect(gone).toBe(1);
});

test("silence is no death", async () => {
  const fake = new FakeModel();
  const channel = new Channel(fake.model, 10);
  const answer = await channel.request("log");
  expect(answer.error).toContain("busy or gone");
  channel.close();
  expect(fake.listeners).toBe(0);
});

test("nonsense from outside is ignored", () => {
  const fake = new FakeModel();
  const channel = new Channel(fake.model);
  for (const message of [null, 3, "x", {}, { id: 5 }, { id: "unknown", ok: true }]) {
    fake.tell("msg:custom", message);
  }
  channel.close();
});

test("one view is on its way at a time and the newest follows", async () => {
  const fake = new FakeModel();
  const arrived: boolean[] = [];
  const mover = new Mover(new Channel(fake.model), ({ ok }) => arrived.push(ok));
  for (let bin = 0; bin < 50; bin += 1) mover.want({ shown: "", view: { pt: { as: "bin", bin } } });
  await later(50);
  expect(fake.sent).toHaveLength(1);
  for (let bin = 50; bin < 90; bin += 1)
    mover.want({ shown: "", view: { pt: { as: "bin", bin } } });
  await later(50);
  expect(fake.sent).toHaveLength(1);
  fake.answer("drawn");
  await later(50);
  expect(fake.sent).toHaveLength(2);
  expect(fake.sent[1]).toMatchObject({ view: { pt: { bin: 89 } } });
  fake.answer("drawn");
  await later();
  expect(mover.idle).toBe(true);
  expect(arrived).toEqual([true, true]);
});
