// Runs ONNX models in ONNX Runtime: run.js FOLDER LIST.json, where FOLDER holds node_modules and LIST is
// [{"model": file, "feeds": {name: {"dims": [...], "file": raw float32}}, "out": prefix}, ...]. Each output goes to PREFIX.NAME.f32, its sizes to
// PREFIX.NAME.json. With "seconds": N the model is run again and again for so long, and the processor time of a run is printed.
const fs = require('fs');
const path = require('path');
const ort = require(path.join(path.resolve(process.argv[2]), 'node_modules', 'onnxruntime-node'));

function tensor(feed) {
    const bytes = fs.readFileSync(feed.file);
    return new ort.Tensor('float32', new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4), feed.dims);
}

async function run(item, sessions) {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 2 };
    const session = (sessions[item.model] ??= await ort.InferenceSession.create(item.model, options));
    const feeds = Object.fromEntries(Object.entries(item.feeds).map(([name, feed]) => [name, tensor(feed)]));
    const results = await session.run(feeds);
    for (const [name, value] of Object.entries(results)) {
        fs.writeFileSync(`${item.out}.${name}.f32`, Buffer.from(value.data.buffer, value.data.byteOffset, value.data.byteLength));
        fs.writeFileSync(`${item.out}.${name}.json`, JSON.stringify(value.dims));
    }
    if (!item.seconds) return;
    const begin = process.cpuUsage();
    const until = Date.now() + 1000 * item.seconds;
    let runs = 0;
    for (; Date.now() < until; runs++) await session.run(feeds);
    const used = process.cpuUsage(begin);
    console.log(`${item.model} ${((used.user + used.system) / 1e6 / runs).toFixed(4)} s of processor time a run, ${runs} runs`);
}

(async () => {
    const sessions = {};
    for (const item of JSON.parse(fs.readFileSync(process.argv[3]))) await run(item, sessions);
})().catch((error) => {
    console.error(String(error));
    process.exit(1);
});
