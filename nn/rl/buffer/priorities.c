/* Priorities of rows: a binary tree in an array, node i above 2i and 2i + 1, in which each node is the sum of its two children, and behind
   it another of their minima. A row of priority 0 was never set, or never comes. */
#include <math.h>

#include "buffer.h"

size_t priorities_size(int64_t leaves)
{
    return 4 * (size_t)leaves + 1;
}

static double *least_of(double *tree, int64_t leaves)
{
    return tree + 2 * leaves;
}

void priorities_clear(double *tree, int64_t leaves)
{
    for (int64_t i = 0; i < 2 * leaves; i++) {
        tree[i] = 0;
        least_of(tree, leaves)[i] = INFINITY;
    }
    tree[4 * leaves] = 1;
}

void priorities_set(double *tree, int64_t leaves, int64_t row, double priority)
{
    double *least = least_of(tree, leaves);
    int64_t node = leaves + row;
    tree[node] = priority;
    least[node] = priority;
    for (node /= 2; node >= 1; node /= 2) {
        tree[node] = tree[2 * node] + tree[2 * node + 1];
        least[node] = fmin(least[2 * node], least[2 * node + 1]);
    }
    tree[4 * leaves] = fmax(tree[4 * leaves], priority);
}

double priorities_largest(const double *tree, int64_t leaves)
{
    return tree[4 * leaves];
}

double priorities_of(const double *tree, int64_t leaves, int64_t row)
{
    return tree[leaves + row];
}

double priorities_total(const double *tree)
{
    return tree[1];
}

double priorities_least(const double *tree, int64_t leaves)
{
    return tree[2 * leaves + 1];
}

/* Sums are rounded, so mass may be all that is below a node; then the last row that has some is taken. */
int64_t priorities_find(const double *tree, int64_t leaves, double mass)
{
    int64_t node = 1;
    while (node < leaves) {
        node *= 2;
        if (mass >= tree[node] && tree[node + 1] > 0) {
            mass -= tree[node];
            node++;
        }
    }
    return node - leaves;
}
