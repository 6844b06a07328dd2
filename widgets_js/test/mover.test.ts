import { expect, test } from "vitest";
import type { Answer } from "../src/channel";
import { Mover } from "../src/mover";
import { later } from "./model";

function kernel() {
  const asked: { view: unknown; answer: (answer: Answer) => void }[] = [];
  const request = (_kind: string, body: Record<string, unknown> = {}) =>
    new Promise<Answer>((answer) => asked.push({ view: body.view, answer }));
  return { asked, request };
}

const view = (bin: number) => ({ shown: "", view: { pt: { as: "bin" as const, bin } } });

test("many moves of a frame are one request, and the next goes when it is answered", async () => {
  const { asked, request } = kernel();
  const arrived: Answer[] = [];
  const mover = new Mover({ request }, (answer) => arrived.push(answer), 10_000);
  for (let bin = 0; bin < 20; bin += 1) mover.want(view(bin));
  await later(40);
  expect(asked.map(({ view }) => view)).toEqual([view(19).view]);
  mover.want(view(20));
  mover.want(view(21));
  await later(40);
  expect(asked).toHaveLength(1);
  asked[0]?.answer({ ok: true });
  await later();
  expect(asked[1]?.view).toEqual(view(21).view);
  expect(mover.idle).toBe(false);
  asked[1]?.answer({ ok: true });
  await later();
  expect(mover.idle).toBe(true);
  expect(arrived).toHaveLength(2);
});

test("a slow one is overtaken, and its late answer means nothing", async () => {
  const { asked, request } = kernel();
  const arrived: Answer[] = [];
  const mover = new Mover({ request }, (answer) => arrived.push(answer), 30);
  mover.want(view(1));
  await later(20);
  mover.want(view(2));
  await later(60);
  expect(asked.map(({ view }) => view)).toEqual([view(1).view, view(2).view]);
  asked[0]?.answer({ ok: true, result: "superseded" });
  await later();
  expect(mover.idle).toBe(false);
  expect(arrived).toHaveLength(0);
  asked[1]?.answer({ ok: true, result: "drawn" });
  await later();
  expect(arrived).toEqual([{ ok: true, result: "drawn" }]);
});
