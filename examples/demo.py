"""The main job on real input: build, attest, prepare, judge, publish; then three attacks, each refused.

Run by ``make demo``. With ``--artifacts PATH`` it does the same on a copy of the files in a folder; nobody here built
those, so no provenance is made for them and the policy asks for none.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(sys.executable).with_name("supplychain")
PASSWORD = "only for this demonstration"  # noqa: S105  # the key is thrown away with the folder


class Demo:
    """A work folder, and what went otherwise than it must."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.environment = os.environ | {"SUPPLYCHAIN_KEY_PASSWORD": PASSWORD}
        self.wrong: list[str] = []

    def say(self, text: str) -> None:
        """A heading."""
        print(f"\n== {text}", flush=True)

    def command(self, *arguments: str, expect: Sequence[int] = (0,), quiet: bool = False) -> str:
        """Run one command of the command line as a user would, and hold its exit code against the expected ones."""
        print("$ supplychain " + " ".join(a if " " not in a else repr(a) for a in arguments), flush=True)
        done = subprocess.run(  # noqa: S603  # our own program, with arguments from this file
            [PROGRAM, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if not quiet or done.returncode not in expect:
            print((done.stderr + done.stdout).rstrip(), flush=True)
        if done.returncode not in expect:
            self.wrong.append(f"supplychain {arguments[0]}: exit {done.returncode}, expected {list(expect)}")
        return done.stdout

    def path(self, *parts: str) -> str:
        """A path in the work folder, as the commands are given it."""
        return os.path.relpath(self.work.joinpath(*parts), ROOT)

    def copy(self, name: str) -> Path:
        """A copy of the release folder, to be attacked."""
        target = self.work / name
        shutil.copytree(self.work / "dist", target, ignore=shutil.ignore_patterns("*.vsa.json"))
        return target


def obtain(demo: Demo, artifacts: Path | None) -> Path:
    """Fill the release folder, and say which policy judges it."""
    dist = demo.work / "dist"
    if artifacts is None:
        demo.say("build this project's wheel and sdist, and attest who built them from what")
        build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", demo.path("dist"), "."]
        demo.command("run", "--output", demo.path("dist"), "--key", demo.path("release.key"), "--", *build)
        return ROOT / "policies" / "release.yaml"
    demo.say(f"take the files of {artifacts}")
    shutil.copytree(artifacts, dist, ignore=lambda _, names: [n for n in names if n.startswith(".")])
    for each in sorted(dist.iterdir()):
        print(f"{each.stat().st_size:>12,}  {each.name}")
    return ROOT / "policies" / "artifacts.yaml"


def release(demo: Demo, policy: Path) -> None:
    """Prepare, judge, publish."""
    shutil.copy(policy, demo.work / "release.yaml")
    demo.say("what is in the artifacts: inventory, SBOMs, signatures, attestations, checksums")
    version = ["--product", "demo", "--line", "0.1", "--version", "0.1.0", "--kind", "minor", "--cause", "feature"]
    demo.command("prepare", demo.path("dist"), "--key", demo.path("release.key"), *version)
    demo.say("judge it, and sign the decision")
    judged = ["gate", demo.path("dist"), "--policy", demo.path("release.yaml")]
    signed = ["--vsa", demo.path("dist", "decision.vsa.json"), "--key", demo.path("release.key")]
    demo.command(*judged, *signed)
    if demo.wrong:
        return
    digest = demo.command(*judged, "-o", "json", quiet=True)
    demo.say("publish what was allowed")
    demo.command(
        *("publish", demo.path("dist"), "--to", (demo.work / "published").as_uri()),
        *("--vsa", demo.path("dist", "decision.vsa.json"), "--vsa-key", demo.path("release.pub")),
        *("--policy-digest", policy_digest(digest), "--key", demo.path("release.key")),
    )
    for each in sorted((demo.work / "published").rglob("*")):
        if each.is_file() and ".supplychain" not in each.parts:
            print(f"  {each.relative_to(demo.work)}")


def policy_digest(decision: str) -> str:
    """The digest of the policy, from a decision as JSON."""
    import json

    found: str = json.loads(decision)["policy"]["sha256"]
    return found


def attack(demo: Demo) -> None:
    """One flipped byte, one missing attestation, one foreign key: each must be refused."""
    policy = demo.path("release.yaml")
    name = next(p.name for p in sorted((demo.work / "dist").iterdir()) if (p.parent / f"{p.name}.cdx.json").exists())

    demo.say(f"flip one byte of {name}: refused")
    target = demo.copy("flipped") / name
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    demo.command("gate", demo.path("flipped"), "--policy", policy, expect=(1, 3))
    demo.command("verify", demo.path("flipped", name), "--key", demo.path("release.pub"), expect=(1,))

    demo.say("remove the SBOM attestation: refused")
    attestations = demo.copy("unattested") / f"{name}.attestations.jsonl"
    lines = attestations.read_text().splitlines(keepends=True)
    attestations.write_text("".join(line for line in lines if not about_sbom(line)))
    demo.command("gate", demo.path("unattested"), "--policy", policy, expect=(1, 3))

    demo.say("sign with another key: refused")
    folder = demo.copy("foreign")
    for each in [*folder.glob("*.sigstore.json"), *folder.glob("*.attestations.jsonl")]:
        each.unlink()
    demo.command("key", "new", demo.path("attacker"), quiet=True)
    demo.command("prepare", demo.path("foreign"), "--key", demo.path("attacker.key"), quiet=True)
    demo.command("gate", demo.path("foreign"), "--policy", policy, expect=(1, 3))


def about_sbom(line: str) -> bool:
    """Whether a line of an attestations file carries an SBOM."""
    import base64
    import json

    payload = json.loads(base64.b64decode(json.loads(line)["dsseEnvelope"]["payload"]))
    return payload["predicateType"] in ("https://cyclonedx.org/bom", "https://spdx.dev/Document/v2.3")


def main() -> int:
    """0 only if everything went as it must."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--artifacts", type=Path, help="a folder with the files of a release")
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "demo", help="made anew each time")
    arguments = parser.parse_args()
    demo = Demo(arguments.work.resolve())
    shutil.rmtree(demo.work, ignore_errors=True)
    demo.work.mkdir(parents=True)
    demo.say("make a key")
    demo.command("key", "new", demo.path("release"))
    policy = obtain(demo, arguments.artifacts)
    if not demo.wrong:
        release(demo, policy)
    if not demo.wrong:
        attack(demo)
    print()
    for each in demo.wrong:
        print(f"NOT AS IT MUST: {each}")
    print(
        "the demo failed" if demo.wrong else "everything went as it must: allowed and published, three attacks refused"
    )
    return 1 if demo.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
