/* An op that changes an operand and is given a view of it as another operand gives what it would give on a copy of the view, or refuses
   and changes nothing; never a mix of old and new elements. */
#include "case.h"

enum { SIDE = 3, N = SIDE * SIDE, KINDS = 6 };

static wg_tensor *x, *m, *v, *lr, *count;

static wg_status update(int kind, wg_tensor *value)
{
    switch (kind) {
    case 0:
        return wg_accumulate(x, value);
    case 1:
        return wg_ema_update(x, value, 0.5);
    case 2:
        return wg_sgd_update(x, WG_NONE, value, lr, count, 0, 0, 0, false);
    case 3:
        return wg_adam_update(x, m, v, value, lr, count, 0, 0, 1, 0, false);
    case 4:
        return wg_running_variance_update(x, value, 0.5, 4);
    default:
        return wg_assign(x, value);
    }
}

static void fill(double *to)
{
    for (int i = 0; i < N; i++)
        to[i] = 1 + i;
    is_("the numbers are written",
        wg_write(x, to) == WG_OK && wg_assign(m, wg_zeros(WG_F64, WG_SHAPE(SIDE, SIDE))) == WG_OK && wg_assign(v, m) == WG_OK);
}

/* By a view of x that the tape makes: its transpose, its reverse, itself. */
static wg_tensor *view(int which)
{
    return which == 0 ? wg_permute(x, WG_AXES(1, 0)) : which == 1 ? wg_flip(wg_flip(x, 0), 1) : x;
}

int main(void)
{
    const char *names[KINDS] = {"accumulate", "ema_update", "sgd_update", "adam_update", "running_variance_update", "assign"};
    const char *views[] = {"its transpose", "its reverse", "itself"};
    x = wg_zeros(WG_F64, WG_SHAPE(SIDE, SIDE)), m = wg_copy(x), v = wg_copy(x);
    lr = wg_scalar(WG_F64, 0.5), count = wg_scalar(WG_F64, 1);
    for (int kind = 0; kind < KINDS; kind++)
        for (int which = 0; which < 3; which++) {
            double old[N], right[N], worst = 0;
            char line[100];
            fill(old);
            {
                WG_TAPE(tape);
                is_("the update by a copy", update(kind, wg_copy(view(which))) == WG_OK && wg_read(x, right) == WG_OK);
            }
            fill(old);
            wg_status status;
            {
                WG_TAPE(tape);
                status = update(kind, view(which));
            }
            for (int i = 0; i < N; i++)
                worst = fmax(worst, fabs(at_(x, i) - (status == WG_OK ? right[i] : old[i])));
            snprintf(line, sizeof line, "%s by %s: %s", names[kind], views[which], wg_status_name(status));
            is_(line, (status == WG_OK || status == WG_E_ARGUMENT) && worst <= 1e-12);
            wg_error_take(NULL);
        }

    wg_tensor *line = wg_from(D(1, 2, 3, 4, 5), WG_SHAPE(5)), *few = wg_from(D(1, 2), WG_SHAPE(2)),
              *rows = wg_from(D(0, 1, 2, 3), WG_SHAPE(4, 1));
    {
        WG_TAPE(tape);
        is_("one element further on", wg_accumulate(wg_slice(line, 0, 1, 5, 1), wg_slice(line, 0, 0, 4, 1)) == WG_E_ARGUMENT);
        is_("one element of it", wg_accumulate(line, wg_slice(line, 0, 0, 1, 1)) == WG_E_ARGUMENT);
        is_("a broadcast target",
            wg_accumulate(wg_broadcast_to(few, WG_SHAPE(3, 2)), wg_ones(WG_F64, WG_SHAPE(3, 2))) == WG_E_ARGUMENT);
        is_("rows gathered into their own tensor", wg_dataset_gather_rows(rows, rows, I(1, 2, 3, 0), 4) == WG_E_ARGUMENT);
    }
    wg_error_take(NULL);
    near_("nothing has changed", at_(line, 1) + at_(few, 0) + at_(rows, 0), 3, 0);
    return end_();
}
