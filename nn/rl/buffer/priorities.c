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

/* A node's sum and minimum by its two children. */
static void combine(double *tree, double *least, int64_t node)
{
    const double a = least[2 * node], b = least[2 * node + 1];
    tree[node] = tree[2 * node] + tree[2 * node + 1];
    least[node] = a < b ? a : b;
}

/* Level by level: the rows of a level do not wait for one another, and in a large tree their nodes come from far memory. A node above two of
   the rows is computed twice, the same both times. */
void priorities_set(double *tree, int64_t leaves, int64_t n, const int64_t *row, const double *priority, int64_t *node)
{
    double *least = least_of(tree, leaves);
    for (int64_t i = 0; i < n; i++) {
        node[i] = leaves + row[i];
        tree[node[i]] = priority[i];
        least[node[i]] = priority[i] > 0 ? priority[i] : INFINITY; /* such a row never comes, and has no weight */
        tree[4 * leaves] = fmax(tree[4 * leaves], priority[i]);
    }
    for (int64_t level = leaves / 2; level >= 1; level /= 2)
        for (int64_t i = 0; i < n; i++)
            combine(tree, least, node[i] /= 2);
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

/* Level by level, as above. Sums are rounded, so mass may be all that is below a node; then the last row that has some is taken. */
void priorities_find(const double *tree, int64_t leaves, int64_t n, double *mass, int64_t *row)
{
    for (int64_t i = 0; i < n; i++)
        row[i] = 1;
    for (int64_t level = 1; level < leaves; level *= 2)
        for (int64_t i = 0; i < n; i++) {
            const int64_t left = 2 * row[i];
            const int goes_right = (mass[i] >= tree[left]) & (tree[left + 1] > 0);
            mass[i] -= goes_right * tree[left]; /* no branch, which would often be foreseen wrongly */
            row[i] = left + goes_right;
        }
    for (int64_t i = 0; i < n; i++)
        row[i] -= leaves;
}
