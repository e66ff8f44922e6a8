// Loads TensorFlow.js layers models and runs them. Reads a job a line: {"model": folder, "inputs": [{shape, dtype,
// values}]}; answers a line each: {"outputs": [{shape, values}]} or {"error": text}. Needs @tensorflow/tfjs beside the
// working directory: npm install @tensorflow/tfjs. Run by tests/oracles/tfjs_models.py.
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const tf = require(require.resolve("@tensorflow/tfjs", {paths: [process.cwd()]}));

function load(folder) {
  const model = JSON.parse(fs.readFileSync(path.join(folder, "model.json"), "utf8"));
  const specs = model.weightsManifest.flatMap((group) => group.weights);
  const bytes = Buffer.concat(model.weightsManifest.flatMap(
    (group) => group.paths.map((name) => fs.readFileSync(path.join(folder, name)))));
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return tf.loadLayersModel(tf.io.fromMemory({
    modelTopology: model.modelTopology, weightSpecs: specs, weightData: data, trainingConfig: model.trainingConfig}));
}

async function run(job) {
  const model = await load(job.model);
  const inputs = job.inputs.map((input) => tf.tensor(input.values, input.shape, input.dtype));
  let outputs = model.predict(inputs.length === 1 ? inputs[0] : inputs, {batchSize: 1024});
  outputs = Array.isArray(outputs) ? outputs : [outputs];
  return {outputs: outputs.map((output) => ({shape: output.shape, values: Array.from(output.dataSync())}))};
}

(async () => {
  await tf.setBackend("cpu");
  for await (const line of readline.createInterface({input: process.stdin})) {
    const answer = await run(JSON.parse(line)).catch((error) => ({error: String(error.message || error).slice(0, 400)}));
    tf.disposeVariables();
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
})();
