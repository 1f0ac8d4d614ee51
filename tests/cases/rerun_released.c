/* A rerun of a traced tape gives the values of the first run, whoever dropped or took what it reads or writes meanwhile.
   usage: rerun_released WAY */
#include "case.h"

enum { N = 600 };

static wg_tensor *x;

/* The traced tape reads a value of the tape below, which is not traced, and which is dropped, or taken. */
static void of_the_tape_below(bool donated)
{
    WG_TAPE(below);
    wg_tensor *a = wg_exp(x);
    WG_TAPE(tape, .trace = true);
    wg_tensor *z = wg_neg(donated ? wg_donate(a) : a), *sum = wg_sum(z);
    wg_drop(a);
    for (int i = 0; i < 2; i++)
        is_("rerun", wg_tape_rerun(tape) == WG_OK);
    near_("a value", ((const double *)wg_data(z))[N - 1], -exp(1), 1e-12);
    near_("their sum", wg_item(sum), -exp(1) * N, 1e-12);
}

/* The traced tape wrote values that a plain tape above takes. */
static void taken_from_above(void)
{
    WG_TAPE(tape, .trace = true);
    wg_tensor *a = wg_exp(x), *b = wg_exp(x), *z = wg_neg(a);
    {
        WG_TAPE(above);
        near_("a sum", ((const double *)wg_data(wg_add(wg_donate(a), wg_donate(b))))[0], 2 * exp(1), 1e-12);
    }
    is_("rerun", wg_tape_rerun(tape) == WG_OK);
    near_("a value", ((const double *)wg_data(z))[N - 1], -exp(1), 1e-12);
}

/* Dropped, taken and made the caller's own on the traced tape itself. */
static void of_the_tape_itself(void)
{
    WG_TAPE(tape, .trace = true);
    wg_tensor *a = wg_exp(x), *b = wg_exp(x), *c = wg_exp(x), *sum = wg_sum(wg_add(wg_donate(a), wg_donate(b)));
    wg_free(wg_own(c));
    is_("rerun", wg_tape_rerun(tape) == WG_OK);
    near_("the sum", wg_item(sum), 2 * exp(1) * N, 1e-12);
}

int main(int argc, char **argv)
{
    const int way = argc > 1 ? atoi(argv[1]) : 0;
    x = wg_ones(WG_F64, WG_SHAPE(N));
    if (way < 2)
        of_the_tape_below(way == 1);
    else if (way == 2)
        taken_from_above();
    else
        of_the_tape_itself();
    error_("afterwards");
    wg_free(x);
    return end_();
}
