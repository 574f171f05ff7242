// Bundles a page's script for browsers with esbuild: PAGE is its file, and BUNDLE where the result goes.
import { build } from "esbuild";

await build({
  entryPoints: [process.env.PAGE],
  outfile: process.env.BUNDLE,
  nodePaths: [process.env.PACKAGES],
  bundle: true,
  format: "esm",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
});
console.log(JSON.stringify({ bundle: process.env.BUNDLE }));
