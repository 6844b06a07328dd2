// Builds each widget's entry into hepnb/widgets/static/: one small ES module and one style sheet
// per widget, nothing fetched at run time. The same sources give the same bytes.
import { readFile, stat, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const out = new URL("../hepnb/widgets/static/", import.meta.url).pathname;
const limit = 100_000;
const widgets = ["run_view", "runs_view", "path_view", "hist_explorer"];
const scripts = ["src/hist_page.ts"]; // beside a widget, in a page that was saved

await build({
  entryPoints: [...widgets.flatMap((name) => [`src/${name}.ts`, `src/${name}.css`]), ...scripts],
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});

// A page may hold the style sheets of all widgets: each is kept to its own, at no cost in precedence.
const kinds = {
  run_view: "run",
  runs_view: "runs",
  path_view: "path",
  hist_explorer: "explorer",
};
function scoped(css, kind) {
  const own = `:where(.hepnb-${kind})`;
  const selector = (one) =>
    one.includes(".hepnb-root")
      ? one.replace(".hepnb-root", `.hepnb-root${own}`)
      : one.includes(`.hepnb-${kind} `) || one.endsWith(`.hepnb-${kind}`)
        ? one
        : `${own} ${one}`;
  return css.replace(/([^{};]+)\{/g, (rule, before) =>
    /^\s*(@|from|to|\d)/.test(before)
      ? rule
      : `${before
          .split(/,(?![^(]*\))/)
          .map(selector)
          .join(",")}{`,
  );
}

for (const name of widgets) {
  const sheet = `${out}${name}.css`;
  await writeFile(sheet, scoped(await readFile(sheet, "utf8"), kinds[name]));
  for (const file of [`${name}.js`, `${name}.css`]) {
    const { size } = await stat(out + file);
    process.stdout.write(`${file.padEnd(20)} ${String(size).padStart(7)} bytes\n`);
    if (size > limit) throw new Error(`${file} is larger than ${limit} bytes`);
  }
  const text = await readFile(`${out}${name}.js`, "utf8");
  if (/https?:\/\/(?!www\.w3\.org)/.test(text))
    throw new Error(`${name}.js reaches for the network`);
}
