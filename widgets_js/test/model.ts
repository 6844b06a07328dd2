// The smallest model that anywidget's contract allows, with a memory of what was sent.

import type { AnyModel } from "@anywidget/types";

type Handler = (...args: unknown[]) => void;

export class FakeModel {
  readonly sent: Record<string, unknown>[] = [];
  dead = false;
  private readonly handlers = new Map<string, Handler[]>();

  constructor(readonly values: Record<string, unknown> = {}) {}

  get(key: string): unknown {
    return this.values[key];
  }

  on(name: string, handler: Handler): void {
    this.handlers.set(name, [...(this.handlers.get(name) ?? []), handler]);
  }

  off(name: string, handler: Handler): void {
    this.handlers.set(
      name,
      (this.handlers.get(name) ?? []).filter((other) => other !== handler),
    );
  }

  send(content: Record<string, unknown>): void {
    if (this.dead) throw new Error("Cannot send");
    this.sent.push(content);
  }

  tell(name: string, ...args: unknown[]): void {
    for (const handler of this.handlers.get(name) ?? []) handler(...args);
  }

  answer(result: unknown, at = this.sent.length - 1): void {
    this.tell("msg:custom", { id: this.sent[at]?.id, ok: true, result });
  }

  get listeners(): number {
    return [...this.handlers.values()].reduce((sum, list) => sum + list.length, 0);
  }

  get model(): AnyModel {
    return this as unknown as AnyModel;
  }
}

export const later = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
