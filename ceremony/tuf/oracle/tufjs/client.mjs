// A client of tuf-js. It is called, remembers and answers as the Go programs
// beside it do (package device says how).
//
//   node client.mjs [-now 2027-11-22T00:00:00Z] MEMORY URL ROOT [TARGET]

import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Updater } from 'tuf-js';

const refusal = 3; // exit status: the client said no
const roles = ['root', 'targets', 'snapshot', 'timestamp'];

const args = process.argv.slice(2);
const now = args[0] === '-now' ? new Date(args.splice(0, 2)[1]) : undefined;
const [memory, url, root, target] = args;
const remembered = join(memory, 'root.json');
if (!existsSync(remembered)) copyFileSync(root, remembered);
const downloads = join(memory, 'targets');
mkdirSync(downloads, { recursive: true });

async function update() {
  const updater = new Updater({
    metadataDir: memory,
    metadataBaseUrl: url,
    targetDir: downloads,
    targetBaseUrl: `${url}/targets`,
  });
  if (now) updater.trustedSet.referenceTime = now;
  await updater.refresh();
  const files = Object.keys(updater.trustedSet.targets.signed.targets).sort();
  if (!target) return { files };
  const info = await updater.getTargetInfo(target);
  if (!info) throw new Error(`download: no target ${target}`);
  const file = await updater.downloadTarget(info, join(downloads, 'download'));
  return { files, content: readFileSync(file).toString('base64') };
}

const versionOf = (role) => JSON.parse(readFileSync(join(memory, `${role}.json`))).signed.version;

const seen = await update().catch((err) => {
  console.error(`${err.constructor.name}: ${err.message}`);
  process.exit(refusal);
});
seen.versions = Object.fromEntries(roles.map((role) => [role, versionOf(role)]));
console.log(JSON.stringify(seen));
