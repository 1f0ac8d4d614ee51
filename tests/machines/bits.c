/* Prints a line for each op and dtype: a hash of the bits of its results and gradients on its samples, on the variants of their shapes, and
   on a sample that is long enough for every loop over vectors. Machines, instruction sets and compilers on which this program prints the
   same give the same bits.

       bits [-OP...] [OP...]     without the ops -OP; or, for the named ops alone, a line for each case */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ops/checks/case.h"
#include "wengert/runtime.h"

enum { ENLARGED = 3000 }; /* the long sample's largest operand has at least as many elements */
static const uint64_t seed = 0xCBF29CE484222325u;

/* FNV-1a, 8 bytes. Sign and payload of a NaN are not compared: processors choose them differently. */
static uint64_t hash_number(uint64_t hash, double number)
{
    uint64_t bits = 0x7FF8000000000000u;
    if (!isnan(number))
        memcpy(&bits, &number, sizeof bits);
    for (int byte = 0; byte < 8; byte++)
        hash = (hash ^ (bits >> 8 * byte & 255)) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_case(uint64_t hash, const struct check_case *c, wg_dtype dtype)
{
    struct result r;
    run_op(c, &(struct run){.dtype = dtype, .way = c->op->vjp || c->op->compose ? GIVEN : NO_GRADIENT}, &r);
    hash = hash_number(hash, r.status);
    for (int i = 0; i < r.n_out; i++)
        for (int64_t k = 0; k < r.numel[i]; k++)
            hash = hash_number(hash, r.out[i][k]);
    for (int i = 0; i < c->n; i++)
        for (int64_t k = 0; r.grad[i] && k < c->in[i].numel; k++)
            hash = hash_number(hash, r.grad[i][k]);
    result_free(&r);
    return hash;
}

static void print(const char *op, wg_dtype dtype, uint64_t hash, const char *of)
{
    printf("%-24s %s %016llx%s%s\n", op, wg_dtype_name(dtype), (unsigned long long)hash, *of ? " " : "", of);
}

/* Adds a case to the hashes of both dtypes, and frees it. */
static void add_case(uint64_t hash[2], struct check_case *c, bool each_case)
{
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        if (each_case)
            print(c->op->name, (wg_dtype)dtype, hash_case(seed, c, (wg_dtype)dtype), c->name);
        hash[dtype] = hash_case(hash[dtype], c, (wg_dtype)dtype);
    }
    case_free(c);
}

static void print_op(const struct wg_op *op, bool each_case)
{
    static struct check_report report; /* nothing is checked here */
    uint64_t hash[2] = {seed, seed};
    struct check_case c;
    for (int i = 0; i < op->n_samples; i++) {
        case_of_sample(&c, op, i, &report);
        add_case(hash, &c, each_case);
    }
    for (int i = 0; i < variant_count(op); i++) {
        case_of_variant(&c, op, i, &report);
        add_case(hash, &c, each_case);
    }
    if (case_enlarged(&c, op, ENLARGED, &report)) {
        snprintf(c.name, sizeof c.name, "enlarged");
        add_case(hash, &c, each_case);
    } else {
        case_free(&c);
    }
    if (!each_case)
        for (int dtype = WG_F32; dtype <= WG_F64; dtype++)
            print(op->name, (wg_dtype)dtype, hash[dtype], "");
}

int main(int argc, char **argv)
{
    int named = 0, found = 0;
    for (int k = 1; k < argc; k++)
        named += argv[k][0] != '-';
    for (size_t i = 0; i < wg_op_count(); i++) {
        bool wanted = named == 0;
        for (int k = 1; k < argc; k++)
            if (strcmp(argv[k] + (argv[k][0] == '-'), wg_op_at(i)->name) == 0) {
                wanted = argv[k][0] != '-';
                found++;
            }
        if (wanted)
            print_op(wg_op_at(i), named > 0);
    }
    if (found != argc - 1)
        return fprintf(stderr, "bits: %d arguments, of which %d name an op\n", argc - 1, found), 2;
    return 0;
}
