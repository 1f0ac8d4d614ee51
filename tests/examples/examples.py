#!/usr/bin/env python3
"""An example of docs/examples at a small size: its result, the same bits in two runs with other numbers of threads, and its messages.

usage: examples.py NAME PROGRAM; TAP
"""
import contextlib
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

name, program = sys.argv[1:]
EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples"
results = []


def check(what, good, why=""):
    results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(results)} - {what}")
    if not good and why:
        print("\n".join("# " + line for line in str(why).splitlines()))


def run(*words, threads=1):
    return subprocess.run([program, *map(str, words)], capture_output=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})


def without_times(text):
    return re.sub(rb"[.\d]+ (rows/)?s\b", b"", text)


def prints(*words):
    """What a run prints; a second run, with two threads, prints the same."""
    done, again = run(*words), run(*words, threads=2)
    check(f"{name} {' '.join(map(str, words))} runs", done.returncode == 0 and not done.stderr, done)
    check("and prints the same again", done.stdout and without_times(done.stdout) == without_times(again.stdout), again)
    return done.stdout.decode(errors="replace")


def numbers(pattern, text):
    return [float(number) for number in re.findall(pattern + r" *([-+.e\d]+)", text)]


def within(what, value, low, high):
    check(f"{what} {value:g} is in {low:g} … {high:g}", low <= value <= high)


def refused(words, status, *expected):
    done = run(*words)
    message = done.stderr.decode()
    check(f"{name} {' '.join(words)}: {', '.join(expected)}", done.returncode == status and all(text in message for text in expected), done)


def xor():
    outputs = numbers("=", prints())
    check("exclusive or", len(outputs) == 4 and all(abs(y - t) < 0.1 for y, t in zip(outputs, (0, 1, 1, 0))), outputs)


def digits():
    within("accuracy after 3 epochs", numbers("test accuracy", prints("--epochs", 3))[0], 0.85, 1)
    refused(["--epochs"], 2, "--epochs", "--writer N")
    refused(["--writer", "7"], 1, "from 0 to 6, got 7")


def learns_to_write(steps, low, high):
    text = prints("--steps", steps, "--letters", 50)
    within(f"held-out loss after {steps} steps", numbers("held out", text)[-1], low, high)
    check("50 letters and a line feed follow", len(text.split("\n", 1)[1].encode()) == 51, text)
    refused(["--text", "/nonexistent"], 1, "/nonexistent")
    refused(["--steps", "many"], 2, "--steps many", "--letters N")


def charlstm():
    learns_to_write(20, 3.2, 3.6)


def tinygpt():
    learns_to_write(20, 2.8, 3.4)
    with tempfile.TemporaryDirectory() as folder:
        check("a graph that is asked for changes nothing else", run("--steps", 3, "--letters", 5, "--graph", f"{folder}/graph.json").stdout
              == run("--steps", 3, "--letters", 5).stdout)
        check("and is written", "transformer_encoder" in Path(folder, "graph.json").read_text())
    refused(["--steps", "1", "--graph", "/nonexistent/graph.json"], 1, "graph.json")


def vae():
    bounds = numbers("held out", prints("--epochs", 5))
    check("the bound rises from epoch to epoch", len(bounds) == 5 and bounds == sorted(bounds), bounds)
    within("the last one", bounds[-1], -28, -24)
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "samples.pgm")
        check("with a picture", run("--epochs", 1, "--picture", picture).returncode == 0)
        head, pixels = picture.read_bytes().split(b"\n", 1)
        check("of 540 by 540 pixels, dark and light", head == b"P5 540 540 255" and len(pixels) == 540 * 540 and min(pixels) < 64 and max(pixels) == 255, head)
    refused(["--picture", "/nonexistent/samples.pgm", "--epochs", "1"], 1, "samples.pgm")


def ode():
    away = numbers(", true [.0-9]+,", prints("--noise", 0))
    check("without noise all four parameters are found to 1e-5", len(away) == 4 and max(map(abs, away)) < 1e-5, away)
    away = numbers(", true [.0-9]+,", prints())
    check("with 2 % of noise to 2 %, and not to the last digit", len(away) == 4 and 1e-5 < max(map(abs, away)) < 0.02, away)


def pinn():
    text = prints("--steps", 1000)
    within("D", numbers("D =", text)[0], 0.05 * 0.97, 0.05 * 1.03)
    check("it began at 1", numbers("D", text)[0] == 1, text)


def continue_torch():
    """PyTorch's losses, which continue_torch.py wrote; the model that is saved goes on where this one stopped."""
    expected = [float(line.split()[1]) for line in (EXAMPLES / "continue_torch.txt").read_text().splitlines()]
    got = numbers(r"(?m)^ ?\d+", prints())
    check("50 losses as PyTorch's to 1e-10", len(got) == len(expected) == 50 and all(abs(a - b) <= 1e-10 for a, b in zip(got, expected)),
          list(zip(got, expected)))
    check("they fall", expected[-1] < 0.6 * expected[0])
    with tempfile.TemporaryDirectory() as folder:
        saved = f"{folder}/model.safetensors"
        run("--steps", 20, "--save", saved)
        first = numbers(r"(?m)^ ?\d+", run("--steps", 1, "--model", saved).stdout.decode())
        check("what is saved is loaded again", len(first) == 1 and abs(first[0] - expected[20]) <= 1e-10, first)
    refused(["--model", "/nonexistent"], 1, "/nonexistent")


def write_idx(path, extents, data):
    Path(path).write_bytes(bytes([0, 0, 8, len(extents)]) + b"".join(extent.to_bytes(4, "big") for extent in extents) + bytes(data))


def write_mnist(folder, part, n):
    """n images in the files of MNIST: of class k a bright bar in rows 2k + 4 and 2k + 5, and a pattern that says nothing."""
    labels = [i * 7 % 10 for i in range(n)]
    pixels = [255 if row // 2 == label + 2 else (i * 31 + row * 17 + column * 13) % 64
              for i, label in enumerate(labels) for row in range(28) for column in range(28)]
    write_idx(f"{folder}/{part}-images-idx3-ubyte", (n, 28, 28), pixels)
    write_idx(f"{folder}/{part}-labels-idx1-ubyte", (n,), labels)


def lenet():
    with tempfile.TemporaryDirectory() as folder:
        write_mnist(folder, "train", 640), write_mnist(folder, "t10k", 200)
        for model in "lenet", "mlp":
            shares = numbers("test accuracy", prints("--model", model, "--data", folder, "--epochs", 6))
            check(f"{model} learns which row is bright", len(shares) == 6 and shares[-1] > 0.95, shares)
    refused(["--data", "/nonexistent"], 1, "/nonexistent/train-images-idx3-ubyte", "apt-get install dataset-fashion-mnist")


def spirals():
    text = prints("--steps", 400)
    within("accuracy on other points", numbers("other points", text)[0], 0.95, 1)
    check("at first it was lower", numbers("accuracy", text)[0] < numbers("accuracy", text)[3], text)
    if shutil.which("gnuplot"):
        with tempfile.TemporaryDirectory() as folder:
            done = run("--steps", 100, "--picture", f"{folder}/spirals.png")
            check("the picture is one", done.returncode == 0 and Path(folder, "spirals.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", done)
            done = run("--steps", 1, "--picture", "/nonexistent/spirals.png")
            check("a picture that cannot be drawn is an error", done.returncode == 1 and "gnuplot did not draw" in done.stderr.decode(), done)


def gan_digits():
    """Its measures, of which the controls are known; a run that is resumed, and one that is stopped."""
    text = prints("--steps", 600)
    check("the digits are beyond those of noise", numbers("recognised", text)[0] > 0.5 and numbers("test accuracy", text)[0] > 0.5, text)
    lines = {line[:22].strip(): [float(word) for word in line[22:].split()] for line in text.splitlines()[-5:]}
    check("what is generated is further from the training images than copies of them, and copies are seen",
          lines["copies with noise"][1] < 0.2 < lines["distorted copies"][1] < lines["generated"][1], text)
    check("and as often near an image that was held out as by chance, which copies are not",
          lines["generated"][3] > 0.05 > 0.03 > lines["distorted copies"][3] and lines["copies with noise"][3] == 0, text)
    with tempfile.TemporaryDirectory() as folder:
        kept, picture, csv = Path(folder, "run"), Path(folder, "digits.pgm"), Path(folder, "losses.csv")
        first = run("--steps", 200, "--resume", kept, "--picture", picture, "--csv", csv).stdout.decode()
        again = run("--steps", 200, "--resume", kept, "--csv", csv).stdout.decode()
        check("a run that is resumed at its end has the same digits", first.split("recognised")[1] == again.split("recognised")[1] and "step" not in again, again)
        check("it has a log", [line.split(",")[0] for line in csv.read_text().splitlines()] == ["epoch", "200"], csv.read_text())
        check("and a picture of 540 by 540 pixels", picture.read_bytes().startswith(b"P5 540 540 255\n"))
        picture = Path(folder, "digits.png")
        done = run("--steps", 200, "--resume", kept, "--picture", picture)
        if done.returncode == 0:
            head = picture.read_bytes()[:24]
            check("which is a PNG where its name ends so", head[:8] == b"\x89PNG\r\n\x1a\n" and head[16:24] == struct.pack(">II", 540, 540), head)
        else:
            check("or, without libpng, an error", "libpng" in done.stderr.decode() and not picture.exists(), done)
        running = subprocess.Popen([program, "--steps", "1000000", "--resume", f"{folder}/stopped"], stdout=subprocess.DEVNULL)
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        check("Ctrl-C ends it, and the run is kept", running.wait() == 130 and Path(folder, "stopped").exists())
    refused(["--csv", "/nonexistent/losses.csv"], 1, "losses.csv")
    refused(["--picture", "digits.jpeg"], 1, "expected a name that ends in .pgm or .png, got digits.jpeg")
    refused(["--steps", "some"], 2, "--steps some", "--resume TEXT")


def gan_modes():
    """Few steps of the ring; its files; a run in two parts."""
    with tempfile.TemporaryDirectory() as folder:
        samples, picture, film, csv, kept = (Path(folder, name) for name in ("samples.csv", "picture.svg", "film.svg", "measures.csv", "run"))
        text = prints("--steps", 400, "--seed", 1, "--samples", samples, "--picture", picture, "--film", film, "--csv", csv)
        check("some modes are found", 2 <= numbers("modes", text)[-1] <= 8, text)
        rows = samples.read_text().splitlines()
        check("2,500 samples are written, within reach of the ring",
              rows[0] == "x,y" and len(rows) == 2501 and max(abs(float(word)) for row in rows[1:] for word in row.split(",")) < 4)
        check("the pictures have a panel for each of six moments", all(p.read_text().count("<text") == 6 for p in (picture, film)) and "<animate" in film.read_text())
        check("and so has the log", len(csv.read_text().splitlines()) == 7, csv.read_text())
        ours, its = pty.openpty()
        running = subprocess.Popen([program, "--steps", "60", "--seed", "1"], stdout=subprocess.PIPE, stderr=its)
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while part := os.read(ours, 4096):
                shown += part
        os.close(ours)
        lines = running.communicate()[0]
        check("on a terminal there is a bar", running.returncode == 0 and b"] 100 %, step 60 of 60" in shown and shown.count(b"[###") > 20, shown)
        check("and the lines are the same", lines == run("--steps", 60, "--seed", 1).stdout, lines)
        running = subprocess.Popen([program, "--seed", "1", "--resume", kept], stdout=subprocess.DEVNULL)
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        check("Ctrl-C ends it, and the run is kept", running.wait() == 130 and kept.exists())
    refused(["--recipe", "hexagon"], 2, "there is no recipe hexagon")
    refused(["--steps", "10", "--samples", "/nonexistent/samples.csv"], 1, "samples.csv")


def dpg():
    """A short run of the pendulum; its files, judged without the library; the other tasks; a run in two parts."""
    with tempfile.TemporaryDirectory() as folder:
        policy, film, csv, kept = (Path(folder, name) for name in ("policy.safetensors", "film.svg", "returns.csv", "run"))
        text = prints("--steps", 6000, "--seed", 1, "--save", policy, "--film", film, "--csv", csv)
        returned = numbers("return", text)[-1]
        check("the pendulum is swung up more often than not", returned > -700, text)
        judged = subprocess.run(["/usr/bin/python3", EXAMPLES / "dpg_eval.py", policy], capture_output=True, text=True)
        check("NumPy says the same of the saved policy", abs(float(judged.stdout.split(":")[1].split()[0]) - returned) < 0.02, judged.stdout + judged.stderr)
        check("the film has a frame for each of 200 steps", film.read_text().count("<g class=") >= 200 or film.read_text().count("<g") >= 200)
        check("and the log a row for each report", len(csv.read_text().splitlines()) == 4, csv.read_text())
        for task in ("mountain_car", "cart_pole", "lander"):
            prints("--task", task, "--agent", "td3", "--steps", 1300, "--seed", 1)
        running = subprocess.Popen([program, "--seed", "1", "--resume", kept], stdout=subprocess.DEVNULL)
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        check("Ctrl-C ends it, and the run is kept", running.wait() == 130 and kept.exists())
    refused(["--task", "hexapod"], 2, "there is no task hexapod")
    refused(["--steps", "1200", "--save", "/nonexistent/policy.safetensors"], 1, "policy.safetensors")


globals()[name]()
print(f"1..{len(results)}")
sys.exit(not all(results))
