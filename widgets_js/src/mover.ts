// Sends the newest view: at most one request a frame, at most one on its way.

import type { Answer, Channel } from "./channel";
import type { View } from "./picture";

export interface Wish {
  shown: string;
  view: View | null;
}

export class Mover {
  private wish: Wish | null = null;
  private flying = false;
  private frame = 0;

  constructor(
    private readonly channel: Pick<Channel, "request">,
    private readonly arrived: (answer: Answer) => void,
  ) {}

  /** Nothing is on its way nor waiting: what the kernel shows is what was asked for. */
  get idle(): boolean {
    return !this.flying && this.wish === null;
  }

  want(wish: Wish): void {
    this.wish = wish;
    if (!this.flying && !this.frame) this.frame = requestAnimationFrame(() => this.send());
  }

  private send(): void {
    this.frame = 0;
    const { wish } = this;
    if (!wish) return;
    this.wish = null;
    this.flying = true;
    void this.channel.request("view", { ...wish }).then((answer) => {
      this.flying = false;
      if (this.wish) this.send();
      this.arrived(answer);
    });
  }
}
