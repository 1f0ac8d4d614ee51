/* The forward pass of k layers of H neurons takes O(kH²) operations, and so does the backward pass: its cost does not depend on the number
   of parameters but through the function itself. A layer's forward pass is one matrix product, W h. Its backward pass is two, δu hᵀ for the
   weights and Wᵀδu for the layer below, which the first layer does not need, because no one asks for the gradient of x. So the products of
   backward are 2k - 1 where those of forward are k: the ratio is 2 - 1/k exactly, and a gradient costs about 3 times its function.

   The claim is that of V. Cevher, Mathematics of Data (EPFL, 2019), lecture 7. */
#include "../study.h"

#include <math.h>

#include "complexity_methods.h"

enum { MAX_WIDTH = 128, DEPTHS = 7, WIDTHS = 6 };

/* Counts one gradient of a network. Control: also of x. */
static bool count(uint64_t seed, int k, int h, bool of_x, struct operations *done)
{
    struct network net;
    bool good = network_make(&net, k, h, seed) && (!of_x || wg_set_requires_grad(net.x, true));
    for (int j = 0; j <= k; j++)
        good = good && wg_set_requires_grad(net.weight[j], true);
    if (good) {
        WG_TAPE(tape, .trace = true);
        *done = (struct operations){0};
        good = wg_backward(loss_of(net.weight, k, net.x)) == WG_OK && count_tape(tape, done);
    }
    network_free(&net);
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double by_k[2][DEPTHS], by_h[2][WIDTHS], depth[DEPTHS], width[WIDTHS], ratio = 0;
    int parts = 0, products = 0, n = 0;
    bool good = study_row(run, "k,H,forward,backward,products ratio,ratio");
    for (int i = 0; i < DEPTHS; i++)
        for (int j = 0; j < WIDTHS && good; j++, n++) {
            struct operations done;
            const int k = 1 << i, h = 4 << j;
            good = count(run->seed, k, h, run->control, &done) &&
                   study_row(run, "%d,%d,%g,%g,%.9g,%.9g", k, h, done.forward, done.backward,
                             done.backward_products / done.forward_products, done.total / done.forward);
            parts += done.forward == forward_operations(k, h) && done.backward == backward_operations(k, h);
            products += done.backward_products * k == done.forward_products * (2 * k - 1);
            depth[i] = k;
            width[j] = h;
            if (h == MAX_WIDTH)
                by_k[0][i] = done.forward, by_k[1][i] = done.backward;
            if (k == MAX_LAYERS)
                by_h[0][j] = done.forward, by_h[1][j] = done.backward, ratio = done.total / done.forward;
        }
    if (!good)
        return false;
    study_claim(run, parts == n,
                "forward takes k(2H² + H) + 2H + 1 operations and backward 2(2k - 1)H² + 3kH + 2H + 2, at %d of %d networks", parts,
                n);
    study_near(run, "forward: exponent in k at H = 128, over the 3 largest k", study_exponent(depth + 4, by_k[0] + 4, 3), 1, .03);
    study_near(run, "backward: exponent in k at H = 128, over the 3 largest k", study_exponent(depth + 4, by_k[1] + 4, 3), 1, .03);
    study_near(run, "forward: exponent in H at k = 64, over the 3 largest H", study_exponent(width + 3, by_h[0] + 3, 3), 2, .03);
    study_near(run, "backward: exponent in H at k = 64, over the 3 largest H", study_exponent(width + 3, by_h[1] + 3, 3), 2, .03);
    study_near(run, "loss and gradient over the loss alone, at k = 64 and H = 128", ratio, 3, .03);
    study_decide(
        run, products == n,
        "the matrix products of the backward pass take exactly 2 - 1/k times the operations of those of the forward pass, at %d of %d networks of 1 to "
        "64 layers of 4 to 128 neurons",
        products, n);
    return true;
}

const struct study study_backward_cost = {.name = "backward_cost", .control = "a gradient of the input, too", .run = run};
