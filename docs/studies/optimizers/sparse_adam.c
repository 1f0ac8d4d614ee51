/* SparseAdam, for an embedding of which a batch looks up few rows. Adam moves a row long after its lookup, by its moments,
   although its gradient is 0; SparseAdam moves the rows of the batch alone, and leaves the others with their moments. A step
   costs as much as its rows.

   SparseAdam is among the variants that J. Sun, Training DNNs: Basic Methods (Minnesota, 2020), lists. */
#include "../study.h"

#include <math.h>

enum { ROWS = 40, WIDTH = 3, STEPS = 60 };

/* Row 0 is looked up in step 0, row 7 in each later step. Rows of the CSV: the distance of row 0 from its start. *idle: how far
   row 0 moved after its only lookup; *moved: how many rows moved at all. */
static bool train(struct study_run *run, bool sparse, double *idle, int *moved)
{
    wg_tensor *table = wg_set_requires_grad(wg_zeros(WG_F64, WG_SHAPE(ROWS, WIDTH)), true);
    const wg_tensor_list list = {1, &table, NULL};
    const double *at = wg_data(table);
    wg_optim *optim = sparse ? wg_optim_sparse_adam(list, .lr = 0.01) : wg_optim_adam(list, .lr = 0.01);
    double after = 0;
    bool good = optim != NULL;
    for (int t = 0; t < STEPS && good; t++) {
        WG_TAPE(tape);
        wg_tensor *token = wg_from(((int64_t[]){t == 0 ? 0 : 7}), WG_SHAPE(1));
        wg_tensor *loss = wg_sum(wg_square(wg_add_scalar(wg_embedding(table, token), -1)));
        good = wg_backward(loss) == WG_OK && (!sparse || wg_optim_set_rows(optim, table, token) == WG_OK) &&
               wg_optim_step(optim) == WG_OK &&
               study_row(run, "%s,%d,%.6g,%.6g", sparse ? "sparse_adam" : "adam", t + 1, at[0], at[7 * WIDTH]);
        after = t == 0 ? at[0] : after;
    }
    *idle = fabs(at[0] - after);
    *moved = 0;
    for (int i = 0; i < ROWS; i++)
        *moved += at[i * WIDTH] != 0;
    wg_optim_destroy(optim);
    wg_free(table);
    return good;
}

/* Control: Adam in place of SparseAdam. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double of_adam = NAN, of_sparse = NAN;
    int moved = 0, rows = 0;
    bool good = study_row(run, "optimizer,step,row0,row7") && train(run, false, &of_adam, &moved) &&
                train(run, !run->control, &of_sparse, &rows);
    study_claim(run, of_adam > 0.02, "Adam moves row 0 by %.3f after its only lookup, more than 2 rates of 0.01", of_adam);
    study_claim(run, rows == 2, "%d of %d rows have moved, those that were looked up", rows, ROWS);
    study_decide(run, of_sparse == 0,
                 "after its only lookup a row of an embedding moves by %.3g with SparseAdam, exactly 0; Adam moves it on by %.3f",
                 of_sparse, of_adam);
    return good;
}

const struct study study_sparse_adam = {.name = "sparse_adam", .control = "Adam in place of SparseAdam", .run = run};
