/* Four patterns of gradient flow. Backward hands a gate the gradient g of its result, and the gate hands its operands
       add    y = a + b:      g and g          it distributes the gradient
       mul    y = a b:        b g and a g      it swaps the operands and multiplies
       copy   y₁ = y₂ = a:    g₁ + g₂          it adds the gradients of all readers
       max    y = max(a, b):  g to the larger operand and 0 to the other: it routes
   The chain rule of any graph is made of such local rules.

   The patterns, and their names, are those of F. Gogianu, Optimization (Bitdefender). */
#include "../study.h"

#include <math.h>
#include <string.h>

enum { TRIALS = 1000 };

typedef wg_tensor *gate_value(wg_tensor *a, wg_tensor *b);

static wg_tensor *smooth_max(wg_tensor *a, wg_tensor *b)
{
    return wg_log(wg_add(wg_exp(a), wg_exp(b)));
}

static const struct gate {
    const char *name;
    gate_value *value; /* NULL: copy, which is no op: a value with two readers */
} gates[] = {{"add", wg_add}, {"mul", wg_mul}, {"copy", NULL}, {"max", wg_maximum}};
enum { GATES = sizeof gates / sizeof *gates };

/* What the pattern says. */
static void expect(const char *gate, const double in[2], const double g[2], double want[2])
{
    const bool mul = strcmp(gate, "mul") == 0, max = strcmp(gate, "max") == 0;
    for (int i = 0; i < 2; i++)
        want[i] = mul ? in[1 - i] * g[0] : max && in[i] < in[1 - i] ? 0 : g[0];
    if (strcmp(gate, "copy") == 0)
        want[0] = g[0] + g[1];
}

/* The gate's result y, and what backward gives: the gradients of L = g₁ y₁ + g₂ y₂, where y₂ is the second reading of a copied value. False: it failed. */
static bool backward(const struct gate *gate, gate_value *value, const double in[2], const double g[2], double got[2], double *y)
{
    WG_TAPE(tape);
    wg_tensor *x[2], *to[2];
    for (int i = 0; i < 2; i++)
        x[i] = wg_set_requires_grad(wg_scalar(WG_F64, in[i]), true);
    wg_tensor *loss = gate->value ? wg_mul_scalar(value(x[0], x[1]), g[0])
                                  : wg_add(wg_mul_scalar(x[0], g[0]), wg_mul_scalar(x[0], g[1]));
    if (wg_grad_many(loss, x, 2, to, .unused = WG_UNUSED_ZEROS) != WG_OK)
        return false;
    *y = gate->value ? wg_item(value(x[0], x[1])) : in[0];
    got[0] = wg_item(to[0]);
    got[1] = wg_item(to[1]);
    return true;
}

/* Counts random operands and gradients for which backward gives other bits than the pattern says; -1: something failed. */
static int differ(const struct gate *gate, gate_value *value, uint64_t seed)
{
    int count = 0;
    wg_tensor *generator = wg_generator(seed, 0), *numbers = wg_normal(generator, WG_F64, WG_SHAPE(TRIALS, 4), 0, 2);
    const double *at = wg_data_as(numbers, double);
    for (int i = 0; i < TRIALS && at && count >= 0; i++, at += 4) {
        double want[2], got[2], y;
        expect(gate->name, at, at + 2, want);
        if (!backward(gate, value, at, at + 2, got, &y))
            count = -1;
        else
            count += got[0] != want[0] || (gate->value && got[1] != want[1]);
    }
    wg_free(generator), wg_free(numbers);
    return at ? count : -1;
}

/* All four in one graph: L = max(a b, c) + (c + a), as circuit.dot, and the gradients of a, b and c. */
static bool circuit(struct study_run *run, double gradient[3])
{
    static const char *const names[] = {"a", "b", "c"};
    char path[4096];
    WG_TAPE(tape, .trace = true);
    wg_tensor *leaf[3];
    for (int i = 0; i < 3; i++) {
        leaf[i] = wg_set_requires_grad(wg_scalar(WG_F64, ((double[]){3, -2, 1})[i]), true);
        if (wg_set_name(leaf[i], names[i]) != WG_OK)
            return false;
    }
    wg_tensor *loss = wg_add(wg_maximum(wg_mul(leaf[0], leaf[1]), leaf[2]), wg_add(leaf[2], leaf[0]));
    if (wg_backward(loss) != WG_OK)
        return false;
    for (int i = 0; i < 3; i++)
        gradient[i] = wg_item(wg_gradient(leaf[i]));
    wg_graph *graph = wg_graph_of(tape);
    snprintf(path, sizeof path, "%s/circuit.dot", run->folder);
    FILE *dot = graph ? fopen(path, "w") : NULL;
    bool good = dot && wg_graph_write_gates(graph, dot, .title = "L = max(ab, c) + (c + a)") == WG_OK;
    good = dot && fclose(dot) == 0 && good;
    wg_graph_destroy(graph);
    return good;
}

/* Control: a smooth maximum, ln(eᵃ + eᵇ), which splits the gradient. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    const double in[2] = {3, -2}, g[2] = {0.5, 0.25};
    double gradient[3], got[2], y;
    int wrong = 0;
    bool good = study_row(run, "gate,a,b,y,g1,g2,gradient a,gradient b");
    for (const struct gate *gate = gates; gate < gates + GATES && good; gate++) {
        gate_value *value = run->control && gate->value == wg_maximum ? smooth_max : gate->value;
        const int count = differ(gate, value, run->seed);
        good = count >= 0 && backward(gate, value, in, g, got, &y) &&
               study_row(run, "%s,%g,%g,%g,%g,%g,%g,%g", gate->name, in[0], in[1], y, g[0], g[1], got[0], got[1]);
        wrong += count;
    }
    good = good && circuit(run, gradient);
    if (!good)
        return false;
    study_claim(
        run, gradient[0] == 1 && gradient[1] == 0 && gradient[2] == 2,
        "L = max(ab, c) + (c + a) at (3, -2, 1): max routes to c, which is copied, so the gradient is (1, 0, 2), and came out as (%g, %g, %g)",
        gradient[0], gradient[1], gradient[2]);
    study_decide(
        run, wrong == 0,
        "add distributes the gradient g, mul gives (bg, ag), copy adds g₁ + g₂, max routes g to the larger operand: backward has these bits but for "
        "%d of %d random operands and gradients (allowed: 0)",
        wrong, GATES * TRIALS);
    return true;
}

const struct study study_gates = {.name = "gates", .control = "ln(eᵃ + eᵇ) instead of max(a, b)", .run = run};
