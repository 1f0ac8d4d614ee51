/* What a replay buffer is inside: a ring of steps, each with a row for every copy. */
#ifndef NN_RL_BUFFER_H
#define NN_RL_BUFFER_H

#include "wengert/rl/buffer.h"

/* How a transition ends. CUT: a truncation, or a break without one. */
enum end { GOES_ON, TERMINATED, CUT };

/* The tensors of the buffer, in the order of its state. COUNTS: i64, {steps added, samples drawn, seed, copies}. PRIORITIES: f64, the sums of the
   tree, its minima, and the largest priority so far; only with priorities. */
enum part { OBSERVATION, ACTION, REWARD, NEXT, END, COUNTS, PRIORITIES, PARTS };

struct wg_rl_buffer {
    wg_rl_buffer_options options;
    int64_t observation, action; /* numbers of each */
    int64_t steps;               /* capacity / copies */
    int64_t leaves;              /* of the tree: a power of two, at least the capacity */
    wg_tensor *part[PARTS];
    const char *name[PARTS];
    wg_rl_batch batch;
    int64_t *index; /* batch.index */
    int64_t *last;  /* workspace: the last row of each window, or a node of each row */
    double *mass;   /* workspace, with priorities: of each draw, or the new priority of each row */
    double *power;  /* γ^k, k = 0 … n_step */
    bool drawn;     /* index is that of a sample */
};

/* The rows of steps that are there: the number of steps, and of them the newest, -1 if there is none. */
int64_t buffer_size(const wg_rl_buffer *buffer);
int64_t buffer_newest(const wg_rl_buffer *buffer);
wg_status buffer_check_copies(const wg_rl_buffer *buffer, const char *op); /* that its state is of as many copies */

/* ---- priorities.c: a tree of sums and one of minima, whose leaves are the rows ---- */

size_t priorities_size(int64_t leaves);              /* in elements of the tensor */
void priorities_clear(double *tree, int64_t leaves); /* all 0; the largest so far is 1 */
/* Those of n rows, of which one may be there twice: then the last counts; and the largest so far, if one is larger. node: workspace of n. */
void priorities_set(double *tree, int64_t leaves, int64_t n, const int64_t *row, const double *priority, int64_t *node);
double priorities_largest(const double *tree, int64_t leaves);
double priorities_of(const double *tree, int64_t leaves, int64_t row);
double priorities_total(const double *tree);
double priorities_least(const double *tree, int64_t leaves); /* of those above 0 */
/* For each of n masses the first row at which the sum of priorities from row 0 on is above it. The masses are used up. */
void priorities_find(const double *tree, int64_t leaves, int64_t n, double *mass, int64_t *row);

#endif
