/* Two networks made with default options differ; the weights of neither are draws of the default generator; and the order of an epoch is
   no worker's stream. */
#include "case.h"

static int same_weights(const wg_nn_module *a, const wg_nn_module *b)
{
    const wg_tensor_list p = wg_nn_parameters(a), q = wg_nn_parameters(b);
    int same = 1;
    for (size_t i = 0; i < p.n; i++)
        same &= memcmp(wg_data(p.tensor[i]), wg_data(q.tensor[i]), (size_t)wg_numel(p.tensor[i]) * sizeof(float)) == 0;
    return same;
}

/* Epochs of 3 whose order is the first permutation of the worker with the epoch's number. */
static int shared_orders(void)
{
    double rows[32];
    for (int i = 0; i < 32; i++)
        rows[i] = i;
    wg_tensor *x = wg_from(rows, WG_SHAPE(32, 1));
    wg_batches *batches = wg_batches_create(x, WG_NONE, .size = 32, .seed = 0);
    int shared = 0;
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
        wg_tensor *batch = NULL, *generator = wg_generator(0, epoch), *order = wg_permutation(generator, 32);
        while (!batch)
            if (wg_batches_next(batches, &batch, NULL) != WG_OK)
                return 2;
        int same = 1;
        for (int i = 0; i < 32; i++)
            same &= at_(batch, i) == at_(order, i);
        shared += same;
        wg_free(batch), wg_free(generator), wg_free(order);
    }
    wg_batches_destroy(batches), wg_free(x);
    return shared;
}

int main(void)
{
    wg_nn_module *a = wg_nn_mlp(WG_SIZES(6, 16, 1)), *b = wg_nn_mlp(WG_SIZES(6, 16, 1));
    wg_nn_module *c = wg_nn_linear(6, 16), *d = wg_nn_linear(6, 16);
    is_("two wg_nn_mlp with default options have different weights", !same_weights(a, b));
    is_("two wg_nn_linear with default options have different weights", !same_weights(c, d));
    if (wg_seed(0, 0) != WG_OK) /* what the default generator begins with */
        return 2;
    wg_tensor *noise = wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(16, 6), -1 / sqrt(6.0), 1 / sqrt(6.0));
    const float *weight = wg_data(wg_nn_parameters(a).tensor[0]);
    is_("noise of the default generator is not the first network's weights",
        memcmp(wg_data(noise), weight, 96 * sizeof(float)) != 0);
    is_("the order of epoch e is not what worker e draws first", shared_orders() == 0);
    wg_nn_destroy(a), wg_nn_destroy(b), wg_nn_destroy(c), wg_nn_destroy(d), wg_free(noise);
    return end_();
}
