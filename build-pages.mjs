// Builds what the pages need besides their HTML: one style sheet, our script, and the GOV.UK components' script.
//
// GOV.UK's own fonts, crest and logo are not ours to show, so only named files are copied, and the build stops
// if the style sheet asks for any file at all.

import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "sass";

const root = dirname(fileURLToPath(import.meta.url));
const pages = join(root, "src/wholechild/pages");
const built = join(pages, "static/built");

const copies = {
  "wholechild.js": join(pages, "scripts/wholechild.js"),
  "govuk-frontend.min.js": join(root, "node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js"),
  "favicon.svg": join(pages, "images/favicon.svg"),
};

function styleSheet() {
  const { css } = compile(join(pages, "styles/wholechild.scss"), {
    loadPaths: [join(root, "node_modules")],
    style: "compressed",
    quietDeps: true,
  });
  const asked = css.match(/url\((?!["']?data:)[^)]*\)/g);
  if (asked) {
    throw new Error(`The style sheet asks for files that we do not serve: ${asked.join(", ")}`);
  }
  return css;
}

function withoutSourceMap(path) {
  return readFileSync(path, "utf8").replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
}

rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });
writeFileSync(join(built, "wholechild.css"), styleSheet());
for (const [name, source] of Object.entries(copies)) {
  if (name.endsWith(".js")) {
    writeFileSync(join(built, name), withoutSourceMap(source));
  } else {
    copyFileSync(source, join(built, name));
  }
}
for (const name of ["wholechild.css", ...Object.keys(copies)]) {
  console.log(`${name}  ${Math.ceil(statSync(join(built, name)).size / 1024)} KiB`);
}
