/* The network of the studies of complexity, and the costs of what ran on a tape. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "complexity_methods.h"

/* A random reflection, I - 2 v vᵀ / vᵀv: orthogonal, so that gradients neither vanish nor explode over 64 layers. NULL on failure. */
static wg_tensor *reflection(wg_tensor *generator, int h)
{
    wg_tensor *v = wg_uniform(generator, WG_F64, WG_SHAPE(h), -1, 1), *w = wg_zeros(WG_F64, WG_SHAPE(h, h));
    double *to = v && w ? wg_data_mut_as(w, double) : NULL, square = 0;
    for (int i = 0; to && i < h; i++)
        square += pow(wg_data_as(v, double)[i], 2);
    for (int i = 0; to && i < h * h; i++)
        to[i] = (i / h == i % h) - 2 * wg_data_as(v, double)[i / h] * wg_data_as(v, double)[i % h] / square;
    wg_free(v);
    return w;
}

bool network_make(struct network *net, int k, int h, uint64_t seed)
{
    wg_tensor *generator = wg_generator(seed, 0);
    bool made = generator != NULL;
    *net = (struct network){.k = k, .h = h};
    for (int j = 0; j <= k; j++) {
        net->weight[j] = j < k ? reflection(generator, h) : wg_uniform(generator, WG_F64, WG_SHAPE(h, 1), -1, 1);
        made = net->weight[j] && made;
    }
    net->x = wg_uniform(generator, WG_F64, WG_SHAPE(h, 1), -1, 1);
    wg_free(generator);
    return made && net->x;
}

void network_free(struct network *net)
{
    for (int j = 0; j <= net->k; j++)
        wg_free(net->weight[j]);
    wg_free(net->x);
}

int64_t network_parameters(const struct network *net)
{
    return (int64_t)net->k * net->h * net->h + net->h;
}

wg_tensor *loss_of(wg_tensor *const *weight, int k, wg_tensor *x)
{
    wg_tensor *h = x;
    for (int j = 0; j < k; j++)
        h = wg_tanh(wg_matmul(weight[j], h));
    return wg_square(wg_add_scalar(wg_sum(wg_mul(weight[k], h)), -TARGET));
}

static double operations_of(const wg_cost_sum *sum)
{
    return wg_cost_operations(sum->cost);
}

bool count_tape(const wg_tape *tape, struct operations *done)
{
    wg_cost_table *table = wg_cost_of(tape);
    if (!table)
        return false;
    const wg_cost_sum *all = table->section[0].sum;
    const bool known = !all[WG_COST_FORWARD].unknown && !all[WG_COST_BACKWARD].unknown;
    done->forward += operations_of(&all[WG_COST_FORWARD]);
    done->backward += operations_of(&all[WG_COST_BACKWARD]);
    done->total += operations_of(&all[WG_COST_FORWARD]) + operations_of(&all[WG_COST_BACKWARD]);
    for (size_t i = 0; i < table->n_ops; i++)
        if (strcmp(table->op[i].op, "matmul") == 0) {
            done->forward_products += operations_of(&table->op[i].sum[WG_COST_FORWARD]);
            done->backward_products += operations_of(&table->op[i].sum[WG_COST_BACKWARD]);
        }
    wg_cost_destroy(table);
    return known;
}
