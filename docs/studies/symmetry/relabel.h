/* What the studies of permutation symmetry share. */
#ifndef WG_STUDIES_RELABEL_H
#define WG_STUDIES_RELABEL_H

#include <stdbool.h>

#include <wengert.h>

/* Puts the units of a hidden layer (0: the first) of a multilayer perceptron in another order, i64 of their number: the rows of the layer's
   weight and bias and, if outgoing, the columns of the next layer's weight. With both the network computes the same function. */
bool relabel(wg_nn_module *net, size_t layer, wg_tensor *order, bool outgoing);

/* Copies all parameters to values, one after another. */
bool read_parameters(const wg_nn_module *net, double *values);

#endif
