#include "relabel.h"

/* Parameters are weight and bias of the first layer, weight and bias of the second, … A weight is (outputs, inputs). */
bool relabel(wg_nn_module *net, size_t layer, wg_tensor *order, bool outgoing)
{
    WG_TAPE(tape);
    WG_NO_GRAD;
    const wg_tensor_list p = wg_nn_parameters(net);
    if (p.n < 2 * layer + 3)
        return false;
    wg_tensor *weight = p.tensor[2 * layer], *bias = p.tensor[2 * layer + 1], *next = p.tensor[2 * layer + 2];
    return wg_assign(weight, wg_index_select(weight, 0, order)) == WG_OK &&
           wg_assign(bias, wg_index_select(bias, 0, order)) == WG_OK &&
           (!outgoing || wg_assign(next, wg_index_select(next, 1, order)) == WG_OK);
}

bool read_parameters(const wg_nn_module *net, double *values)
{
    const wg_tensor_list p = wg_nn_parameters(net);
    bool good = p.n > 0;
    for (size_t i = 0; i < p.n && good; values += wg_numel(p.tensor[i]), i++)
        good = wg_read(p.tensor[i], values) == WG_OK;
    return good;
}
