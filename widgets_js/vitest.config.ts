// Pure parts in jsdom, everything that has a size or a colour in a real Chromium.

import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "jsdom",
          environment: "jsdom",
          include: ["test/*.test.ts"],
          exclude: ["test/*.browser.test.ts"],
        },
      },
      {
        test: {
          name: "chromium",
          include: ["test/*.browser.test.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath, args } }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
