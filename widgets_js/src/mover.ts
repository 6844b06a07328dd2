// Sends the newest view: at most one request a frame, and the next when the last was answered. One
// that takes long is overtaken, and the kernel then stops it.

import type { Answer, Channel } from "./channel";
import type { View } from "./view";

export interface Wish {
  shown: string;
  view: View | null;
}

const PATIENCE = 400; // ms; overtaken sooner, a slow slice would never be seen while a hand moves

export class Mover {
  private wish: Wish | null = null;
  private sent = 0;
  private flying = false;
  private since = 0;
  private frame = 0;
  private timer = 0;

  constructor(
    private readonly channel: Pick<Channel, "request">,
    private readonly arrived: (answer: Answer) => void,
    private readonly patience = PATIENCE,
  ) {}

  /** Nothing is on its way nor waiting: what the kernel shows is what was asked for. */
  get idle(): boolean {
    return !this.flying && this.wish === null;
  }

  want(wish: Wish): void {
    this.wish = wish;
    if (!this.flying) this.frame ||= requestAnimationFrame(() => this.send());
    else {
      const left = this.since + this.patience - performance.now();
      this.timer ||= window.setTimeout(() => this.send(), Math.max(0, left));
    }
  }

  private send(): void {
    window.clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.timer = 0;
    const { wish } = this;
    if (!wish) return;
    this.wish = null;
    this.flying = true;
    this.since = performance.now();
    this.sent += 1;
    const mine = this.sent;
    void this.channel.request("view", { ...wish }).then((answer) => {
      if (mine !== this.sent) return; // overtaken
      this.flying = false;
      if (this.wish) this.send();
      this.arrived(answer);
    });
  }
}
