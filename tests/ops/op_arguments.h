/* The ops whose builders take more than tensors, with their arguments as ops.def writes them and the members of their options as ops.h
   declares them: for tests that hold a list of their own against it. The test is compiled with OPS_H, the path of ops.h. */
#ifndef TEST_OP_ARGUMENTS_H
#define TEST_OP_ARGUMENTS_H

static const struct {
    const char *op, *arguments, *options;
} op_arguments[] = {
#define WG_UNARY(name)
#define WG_BINARY(name)
#define WG_REDUCTION(name)
#define WG_OP(name, arguments) {#name, #arguments, NULL},
#define WG_OP_WITH(name, operands, options) {#name, #operands, #options},
#define WG_OP_MANY(name, arguments) {#name, #arguments, NULL},
#define WG_CORE(name)
#include "wengert/ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_WITH
#undef WG_OP_MANY
#undef WG_CORE
};
enum { N_OP_ARGUMENTS = sizeof op_arguments / sizeof *op_arguments };

/* The text of a struct in ops.h, from its name on, and the end of its members. */
static const char *struct_in_ops_h(const char *name, const char **end)
{
    static char text[1 << 16];
    char wanted[80];
    if (!*text) {
        FILE *file = fopen(OPS_H, "r");
        assert_non_null(file);
        assert_in_range(fread(text, 1, sizeof text - 1, file), 1, sizeof text - 2);
        fclose(file);
    }
    snprintf(wanted, sizeof wanted, "struct WG_NAMED %s {", name);
    const char *found = strstr(text, wanted);
    if (!found)
        fail_msg("%s is no struct WG_NAMED of ops.h", name);
    *end = strchr(found, '}');
    return found;
}

/* True if the i-th op has an argument or option of the C type. */
static bool has_argument(size_t i, const char *type)
{
    const char *end = NULL;
    if (strstr(op_arguments[i].arguments, type))
        return true;
    const char *found = op_arguments[i].options ? struct_in_ops_h(op_arguments[i].options, &end) : NULL;
    found = found ? strstr(found, type) : NULL;
    return found && found < end;
}

#endif
