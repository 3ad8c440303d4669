// Runs pytest inside Pyodide under Node: node run.mjs WHEELS PYTEST-ARGUMENTS… (paths inside the repository: /repo/…)
//
// WHEELS is a folder of pure wheels, among them the wheel of this package: the package is tested as it is installed.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const entry = createRequire(join(root, "tools/package.json")).resolve("pyodide/pyodide.mjs");
const { loadPyodide } = await import(pathToFileURL(entry).href);
const [wheels, ...pytestArguments] = process.argv.slice(2);

const python = await loadPyodide({ indexURL: dirname(entry), env: { HOME: "/home/pyodide", COLUMNS: "120" } });
const site = python.runPython("import site; site.getsitepackages()[0]");
for (const name of readdirSync(wheels).filter((name) => name.endsWith(".whl"))) {
    // Not a Buffer: those of Node share one pool, of which Pyodide would see all.
    python.unpackArchive(new Uint8Array(readFileSync(join(wheels, name))), "wheel", { extractDir: site });
}
python.FS.mkdirTree("/repo");
python.FS.mount(python.FS.filesystems.NODEFS, { root }, "/repo");
python.globals.set("arguments", python.toPy(pytestArguments));
process.exitCode = python.runPython(`
import os, sys
os.chdir("/home/pyodide")
sys.dont_write_bytecode = True  # the repository is mounted as it is
sys.path.insert(0, "/repo/tests/pyodide")  # absent.py
import pytest
int(pytest.main(["-p", "no:cacheprovider", "--rootdir=/repo", "-c", "/repo/tests/pyodide/pytest.ini", *arguments]))
`);
