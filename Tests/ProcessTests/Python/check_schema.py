"""check_schema.py SWEEPD ROOT: the schema of the sweep file says what the program says.

Every sweep of the package and every complete example of docs/sweep-file.md fits it; files that are wrong in their form do not; and
each of its maps has the keys that the program names when it refuses another.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import yaml

sweepd, root = sys.argv[1], pathlib.Path(sys.argv[2])


class Loader(yaml.SafeLoader):
    """YAML 1.2's core: 1e-3 is a number, yes and no are words."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
]:
    Loader.add_implicit_resolver(tag, re.compile(pattern), list(first))
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))

schema = json.loads(subprocess.run([sweepd, "schema"], check=True, capture_output=True, text=True).stdout)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failures = []


def mistakes(text):
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(yaml.load(text, Loader))]


right = {str(path.relative_to(root)): path.read_text() for path in sorted((root / "sweeps").rglob("*.yaml"))}
document = (root / "docs/sweep-file.md").read_text()
for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", document, re.S)):
    right[f"docs/sweep-file.md, block {number}"] = block
assert len(right) > 40, len(right)
for name, text in right.items():
    for mistake in mistakes(text):
        failures.append(f"{name} is right, the schema says {mistake}")

whole = right["sweeps/quick.yaml"]
for old, new in [
    ("name: quick", "nmae: quick"), ("epochs: 9", "epoch: 9"), ("epochs: 9", "epochs: 0"), ("trials: 12", "trails: 12"),
    ("{log: [1e-3, 1e-1]}", "{lgo: [1e-3, 1e-1]}"), ("adam:", "adan:"), ("widths: [32]", "width: [32]"),
    ("choice: [32, 64]", "choice: []"), ("[{scale: 0.0625}]", "[{scales: 0.0625}]"), ("method: random", "method: rnadom"),
]:
    assert old in whole, old
    if not mistakes(whole.replace(old, new)):
        failures.append(f"{new} is wrong, and fits the schema")


# Shares of the epochs: not none of them, and all of them are an integer.
for prune, fits in [
    ("{method: asha, first_rung: 0}", False), ("{method: asha, first_rung: 0.5}", True), ("{method: asha, first_rung: 1}", True),
    ("{method: asha, first_rung: 1.5}", False), ("{method: median, warmup_epochs: 0}", True), ("{stop_hopeless: true}", True), ("{method: none, stop_hopeless: 1}", False), ("{method: median, warmup_epochs: -0.5}", False),
    ("{method: extrapolate, budget: 0}", False), ("{method: extrapolate, budget: 1}", True), ("{method: percentile, percentile: 0}", False),
]:
    text = re.sub(r"(?m)^prune:.*\n(?:[ \t].*\n)*", "", whole) + f"\nprune: {prune}\n"
    if bool(mistakes(text)) == fits:
        failures.append(f"prune: {prune} {'is right, and does not fit' if fits else 'is wrong, and fits'} the schema")


def resolve(node):
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def maps(node):
    """The maps that a value may be, with kinds by their key."""
    node = resolve(node)
    if "properties" in node:
        yield node
    for kind in node.get("anyOf", []):
        if kind != {"$ref": "#/$defs/choice"}:
            yield from maps(kind)


def keys(path):
    """The keys that the schema allows below a path such as train.optimizer.sgd."""
    found = [schema]
    for key in path:
        found = [inner for outer in found if key in outer["properties"] for inner in maps(outer["properties"][key])]
    return {key for one in found for key in one["properties"]}


# A section, what must be set so that it is there, and how the keys of the section are found in the schema.
SECTIONS = [
    ("", []), ("data.", []), ("train.", []), ("objective.", []), ("search.", []), ("prune.", ["prune={method: asha}"]),
    ("stop.", ["stop={epochs: 9}"]), ("finalists.", ["finalists={top: 2}"]), ("train.model.mlp.", []),
    ("train.early_stopping.", ["train.early_stopping={patience: 3}"]), ("train.clip.", ["train.clip={norm: 1}"]),
] + [
    (f"train.optimizer.{kind}.", [f"train.optimizer={{{kind}: {{learning_rate: 0.1}}}}"])
    for kind in ["sgd", "adam", "adamw", "rmsprop", "adagrad", "lion", "nadam"]
] + [
    (f"train.learning_rate_schedule.{kind}.", [f"train.learning_rate_schedule={{{kind}: {{}}}}"])
    for kind in ["step", "milestones", "polynomial", "cosine", "one_cycle", "plateau", "rise", "range_test"]
] + [
    (f"train.loss.{kind}.", [f"train.loss={{{kind}: {{}}}}"])
    for kind in ["softmax_cross_entropy", "focal", "binary_cross_entropy", "huber"]
] + [
    (f"train.initializer.{kind}.", [f"train.initializer={{{kind}: {{{settings}}}}}"])
    for kind, settings in [("he", ""), ("orthogonal", ""), ("normal", "deviation: 1"), ("uniform", "bound: 1")]
]
checked = 0
with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "quick.yaml"
    file.write_text(whole)
    for section, settings in SECTIONS:
        options = [word for text in settings + [f"{section}qqqqqq=1"] for word in ("--set", text)]
        told = subprocess.run([sweepd, "validate", str(file)] + options, capture_output=True, text=True).stderr
        lines = [line for line in told.splitlines() if "found qqqqqq, allowed " in line]
        if not lines:
            failures.append(f"{section}: {told}")
            continue
        allowed = set(re.split(r", | or ", lines[0].split("found qqqqqq, allowed ")[1]))
        written = keys([part for part in section.split(".") if part])
        if section == "train.":
            written = set(schema["$defs"]["training"]["properties"])
        if allowed != written:
            failures.append(f"{section or 'the file'}: the program has {sorted(allowed - written)}, the schema {sorted(written - allowed)}")
        checked += 1
assert checked == len(SECTIONS), failures
print("\n".join(failures) or f"{len(right)} files fit, {checked} sections have the program's keys")
sys.exit(1 if failures else 0)
