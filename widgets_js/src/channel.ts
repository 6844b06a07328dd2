// Requests to the kernel and their answers: {id, kind, ...} -> {id, ok, result | error}.
// A send that fails means the kernel is gone; an answer that does not come only that it is busy.

import type { AnyModel } from "@anywidget/types";

export interface Answer {
  ok: boolean;
  result?: unknown;
  error?: string;
}

interface Waiting {
  resolve: (answer: Answer) => void;
  timer: number;
}

const PATIENCE = 20_000;

export class Channel {
  private readonly tag = Math.random().toString(36).slice(2, 10);
  private serial = 0;
  private readonly waiting = new Map<string, Waiting>();
  private gone = false;
  /** Called once, when the kernel can no longer be reached. */
  onGone: () => void = () => {};

  constructor(
    private readonly model: Pick<AnyModel, "on" | "off" | "send">,
    private readonly patience = PATIENCE,
  ) {
    this.model.on("msg:custom", this.received);
    this.model.on("comm_live_update", this.check);
    this.model.on("comm:close", this.check);
  }

  /** Ask the kernel. Never rejects: what goes wrong is in the answer. */
  request(kind: string, body: Record<string, unknown> = {}): Promise<Answer> {
    this.serial += 1;
    const id = `${this.tag}-${this.serial}`;
    return new Promise((resolve) => {
      const timer = window.setTimeout(() => {
        this.settle(id, { ok: false, error: "the kernel does not answer: it is busy or gone" });
      }, this.patience);
      this.waiting.set(id, { resolve, timer });
      this.send({ id, kind, ...body }).then((sent) => {
        if (!sent) this.settle(id, { ok: false, error: "the kernel is gone" });
      });
    });
  }

  close(): void {
    this.model.off("msg:custom", this.received);
    this.model.off("comm_live_update" as "msg:custom", this.check);
    this.model.off("comm:close" as "msg:custom", this.check);
    for (const id of [...this.waiting.keys()]) this.settle(id, { ok: false, error: "closed" });
  }

  private async send(message: Record<string, unknown>): Promise<boolean> {
    try {
      await this.model.send(message);
      return true;
    } catch {
      if (!this.gone) {
        this.gone = true;
        this.onGone();
      }
      return false;
    }
  }

  /** The front end says the line changed: a dead line refuses the ping. */
  private readonly check = (): void => {
    void this.request("ping");
  };

  private readonly received = (message: unknown): void => {
    if (typeof message !== "object" || message === null) return;
    const { id, ok, result, error } = message as Record<string, unknown>;
    if (typeof id !== "string") return;
    const answer: Answer = { ok: ok === true, result };
    if (typeof error === "string") answer.error = error;
    this.settle(id, answer);
  };

  private settle(id: string, answer: Answer): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    window.clearTimeout(waiting.timer);
    waiting.resolve(answer);
  }
}
