/* Graphs of functions for the guide's page on dumps, as JSON in a folder:

       function_graphs FOLDER

   A Hessian-vector product, and a small function to draw as gates. docs/tools/graphs draws them by `wengert show`. */
#include <wengert.h>

#include "graph.h"

/* The Hessian of f(w) = Σ tanh(w)² times v, by differentiating ⟨∇f, v⟩ again (Pearlmutter, 1994). */
static wg_status hvp(const char *folder)
{
    wg_tensor *w = wg_set_requires_grad(noise("w", WG_SHAPE(8)), true), *v = noise("v", WG_SHAPE(8));
    wg_status status = WG_E_MEMORY;
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *f = named(wg_sum(wg_square(wg_tanh(w))), "f");
        wg_tensor *gradient = named(wg_grad(f, w, .create_graph = true), "∇f");
        wg_tensor *product = named(wg_grad(named(wg_sum(wg_mul(gradient, v)), "⟨∇f, v⟩"), w), "H v");
        if (product)
            status = keep(folder, "hvp");
    }
    wg_free(w), wg_free(v);
    return status;
}

static wg_tensor *variable(double x, const char *name)
{
    return wg_set_requires_grad(named(wg_full(WG_F64, WG_SCALAR, x), name), true);
}

/* relu(w x + b) + max(u x, v)² + σ(x): each kind of gate, one of which is dead. */
static wg_status gates(const char *folder)
{
    wg_tensor *w = variable(2, "w"), *x = variable(-3, "x"), *b = variable(1, "b"), *u = variable(-1, "u"), *v = variable(.5, "v");
    wg_status status;
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *unit = wg_relu(wg_add(wg_mul(w, x), b)), *larger = wg_maximum(wg_mul(u, x), v);
        status = wg_backward(named(wg_add(wg_add(unit, wg_mul(larger, larger)), wg_sigmoid(x)), "y"));
        if (status == WG_OK)
            status = keep(folder, "gates");
    }
    wg_free(w), wg_free(x), wg_free(b), wg_free(u), wg_free(v);
    return status;
}

int main(int argc, char **argv)
{
    return write_graphs(argc, argv, (const struct graph[]){{hvp, 4}, {gates, 5}, {NULL, 0}});
}
