"""Options are always named: for each op with options, a value without a name behind the operands does not compile, in no compiler that is
here. The calls are made from ops.def.   usage: positional.py INCLUDE-DIRECTORY INCLUDE-DIRECTORY"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

INCLUDES = [f"-I{folder}" for folder in sys.argv[1:]]
INSTALLED = [part for folder in sys.argv[1:] for part in ("-isystem", folder)]  # as the headers in /usr/include are read
VALUES = ["1", "WG_NONE"]
OTHER = ["wg_nll(x, x, .smoothing = 0.5)", "wg_sum(x, .p = 3)", "wg_max(x, .correction = 0)", "wg_var(x, .p = 1)", "wg_norm(x, .correction = 0)",
         "wg_conv2d(x, x, x, .output_padding = WG_PAIR(1, 1))", "wg_max_pool2d(x, .adaptive = true)"]  # another op's option
# A number in place of the values of WG_PAIR, WG_AXES, WG_MILESTONES.
NUMBERS = [f"wg_{call.replace('?', value)}" for value in "01" for call in (
    "conv2d(x, x, WG_NONE, .padding = ?)", "conv_transpose2d(x, x, WG_NONE, .stride = ?)", "max_pool2d(x, .size = ?)", "sum(x, .axes = ?)",
    "nn_conv2d(1, 1, 1, .stride = ?)", "lr_multi_step(.milestones = ?)", "permute(x, ?)", "repeat(x, ?)", "pad(x, ?, ?, 0)")]
# Values without a name among options that no list has.
UNNAMED = ["wg_nn_mlp(WG_SIZES(1, 2), WG_ACTIVATION_TANH)", "wg_batches_create(x, x, 5)", "wg_tape_open(true)", "wg_gradcheck(NULL, NULL, &x, 1, true)",
           "wg_init_xavier_normal(x, x, 2.0)", "wg_nn_weight_norm(NULL, 1)", "wg_nn_spectral_norm(NULL, 1)", "wg_nn_max_norm(wg_nn_parameters(NULL), 1, 1)", "wg_grad(x, x, true)", "wg_dataset_read_csv(\"\", &x, &x, WG_F64)",
           "wg_dataset_digits(&x, &x, true)", "wg_dataset_read_idx(\"\", 9)", "wg_dataset_read_cifar(NULL, 0, &x, &x, WG_CIFAR_100)", "wg_dataset_read_png(\"\", 3)",
           "wg_dataset_read_text(\"\", WG_I64)",
           "wg_lr_warmup(wg_lr_cosine(.steps = 3), 3)", "wg_lr_plateau_create(1)", "wg_lr_robbins_monro(NULL, NULL, 64)", "wg_stopping_create(5)", "wg_init_xavier_normal(x, x, .fan = WG_FAN_OUT)"]
NAMED = ["wg_nn_mlp(WG_SIZES(1, 2), .activation = WG_ACTIVATION_TANH)", "wg_conv2d(x, x, WG_NONE, .padding = WG_PAIR(1, 1))",
         "wg_sum(x, .axes = WG_AXES(0, 1))", "wg_lr_multi_step(.milestones = WG_MILESTONES(3, 8))", "wg_tape_open(.trace = true)", "wg_repeat(x, WG_SIZES(1, 2))",
         "wg_pad(x, WG_SIZES(0, 1), WG_SIZES(1, 0), 0)"]
# A declaration as the statement of an if: in C its mode would never end.
MODES = ["if (x) WG_EVAL_MODE;", "if (x) WG_NO_GRAD;", "if (x) WG_TAPE(tape);"]
failed = checks = 0


def check(good, what):
    global failed, checks
    checks += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {checks} - {what}")


def ops_with_options():
    """(name, operands as declared, their names) of each op whose macro takes options."""
    text = re.sub(r"\n {8,}", " ", (Path(sys.argv[1]) / "wengert/ops.def").read_text())
    for kind, name, operands in re.findall(r"^WG_(REDUCTION|OP_WITH)\((\w+)(?:, \((.*?)\))?", text, re.M):
        operands = "wg_tensor *x" if kind == "REDUCTION" else operands
        yield name, operands, ", ".join(re.findall(r"(\w+)(?:,|$)", operands))


def entries():
    """A constructor's call with a value without a name, for each entry of the lists of layers, optimizers, schedules and minimizers."""
    lists = Path(sys.argv[1]) / "wengert"
    for name, options in re.findall(r"^WG_LAYER\((\w+),\n(.*?)^\)", (lists / "layers.def").read_text(), re.M | re.S):
        yield f"wg_nn_{name}({', '.join(['1'] * options.count('WG_SIZE('))}, 1)"
    for name in re.findall(r"^WG_OPTIMIZER\((\w+),", (lists / "optimizers.def").read_text(), re.M):
        yield f"wg_optim_{name}(wg_nn_parameters(NULL), 1)"
    for kind, name, options in re.findall(r"^WG_INIT(_FIXED)?\((\w+),[^\n]*\n(.*?)^\)", (lists / "init.def").read_text(), re.M | re.S):
        yield f"wg_init_{name}({', '.join(['x'] * (1 if kind else 2) + ['1'] * options.count('WG_VALUE('))}, 1)"
    for name in re.findall(r"^WG_SCHEDULE\((\w+),", (lists / "schedules.def").read_text(), re.M):
        yield f"wg_lr_{name}(1)"
    for name in re.findall(r"^WG_(?:MINIMIZER|LEAST_SQUARES)\((\w+),", (lists / "minimizers.def").read_text(), re.M):
        yield f"wg_minimize_{name}(wg_nn_parameters(NULL), 1)"


def lines_with_errors(compiler, suffix, lines, includes=INCLUDES):
    """The numbers, from 1, of the lines in which the compiler finds an error."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"calls.{suffix}"
        source.write_text("\n".join(lines) + "\n")
        limit = "-ferror-limit=0" if "clang" in compiler else "-fmax-errors=0"
        strict = ["-Wall", "-Wextra", "-Wconversion"]
        out = subprocess.run([compiler, "-fsyntax-only", limit, *strict, *includes, source], capture_output=True, text=True)
    found, wrong = set(), False
    for line in out.stderr.splitlines():  # an error in a macro names the call in a note behind it
        wrong = ": error" in line or (wrong and ": warning" not in line)
        if wrong and (place := re.search(rf"calls\.{suffix}:(\d+):\d+: ", line)):
            found.add(int(place[1]))
    return found, out


ops = list(ops_with_options())
check(len(ops) > 20, f"{len(ops)} ops with options are in ops.def")
for compiler, suffix in [("gcc", "c"), ("clang", "c"), ("g++", "cpp"), ("clang++", "cpp")]:
    if not shutil.which(compiler):
        checks += 1
        print(f"ok {checks} - # SKIP {compiler} is not here")
        continue
    head = ["#include <wengert/ops.h>"]
    plain = head + [f"wg_tensor *call_{name}({declared}); wg_tensor *call_{name}({declared}) {{ return wg_{name}({names}); }}"
                    for name, declared, names in ops]
    errors, out = lines_with_errors(compiler, suffix, plain)
    check(not out.stderr, f"{compiler}: without options they compile, without a warning" + out.stderr[:400].replace("\n", "\n# "))
    calls = [(f"wg_{name}({names}, {value})", declared) for name, declared, names in ops for value in VALUES]
    calls += [(call, "wg_tensor *x") for call in OTHER]
    errors, out = lines_with_errors(compiler, suffix, head + [
        f"wg_tensor *call_{i}({declared}); wg_tensor *call_{i}({declared}) {{ return {call}; }}" for i, (call, declared) in enumerate(calls)])
    taken = [call for i, (call, _) in enumerate(calls) if i + 2 not in errors]
    check(not taken, f"{compiler}: none of {len(calls)} calls with a value without a name, or the like, compiles" + "".join(f"\n# {call}" for call in taken))
    wrong = NUMBERS + UNNAMED + list(entries())
    statements = ["#include <wengert.h>"] + [f"void call_{i}(wg_tensor *x); void call_{i}(wg_tensor *x) {{ (void)x; (void){call}; }}"
                                             for i, call in enumerate(wrong + NAMED)]
    errors, out = lines_with_errors(compiler, suffix, statements)
    # gcc's error about a number for a pair stands in base.h and names no call: such a call is compiled alone.
    taken = [call for i, call in enumerate(wrong) if i + 2 not in errors and
             lines_with_errors(compiler, suffix, statements[:1] + statements[i + 1:i + 2])[1].returncode == 0]
    check(not taken and len(wrong) > 30, f"{compiler}: none of {len(wrong)} calls with a number for a pair, axes or milestones, or a value without a name among the "
          "options of layers, optimizers, schedules, tapes and data, compiles" + "".join(f"\n# {call}" for call in taken))
    if suffix == "c":
        modes = ["#include <wengert.h>"] + [f"void call_{i}(wg_tensor *x); void call_{i}(wg_tensor *x) {{ (void)x; {mode} }}" for i, mode in enumerate(MODES)]
        errors, out = lines_with_errors(compiler, suffix, modes)
        taken = [mode for i, mode in enumerate(MODES) if i + 2 not in errors]
        check(not taken, f"{compiler}: no mode behind an if compiles" + "".join(f"\n# {mode}" for mode in taken))
    ones = [(i, call) for i, call in enumerate(NUMBERS) if "= 1" in call]
    taken = [call for i, call in ones if lines_with_errors(compiler, suffix, statements[:1] + statements[i + 1:i + 2], INSTALLED)[1].returncode == 0]
    check(len(ones) > 5 and not taken, f"{compiler}: nor do the {len(ones)} with the number 1 where headers are installed as the system's" + "".join(f"\n# {call}" for call in taken))
    refused = [call for i, call in enumerate(NAMED) if i + 2 + len(wrong) in errors]
    check(not refused, f"{compiler}: the {len(NAMED)} right ones beside them do" + "".join(f"\n# {call}" for call in refused))
print(f"1..{checks}")
sys.exit(failed > 0)
