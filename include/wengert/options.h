/* Options as tables. A layer, an optimizer or a schedule states each of its options once: name, type, default, range and a line
   of help (optimizers.def; a kind of the user's own does the same). The table provides range checks with
   messages, the printed form of a kind, and reading and setting an option by its name. */
#ifndef WENGERT_OPTIONS_H
#define WENGERT_OPTIONS_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The C type of an option's member: bool, int64_t, double, wg_pair, wg_triple, wg_dtype, an enum whose values start at 0, wg_tensor *
   (not printed), wg_milestones, wg_shape. */
typedef enum wg_option_type {
    WG_OPTION_BOOL,
    WG_OPTION_INT,
    WG_OPTION_REAL,
    WG_OPTION_PAIR,
    WG_OPTION_TRIPLE,
    WG_OPTION_DTYPE,
    WG_OPTION_CHOICE,
    WG_OPTION_TENSOR,
    WG_OPTION_MILESTONES,
    WG_OPTION_SHAPE
} wg_option_type;

/* The range low ≤ value ≤ high; above excludes low, below excludes high. NaN is in no range. */
typedef struct wg_range {
    double low, high;
    bool above, below;
} wg_range;

#define WG_ANY_VALUE WG_RANGE_(-__builtin_inf(), __builtin_inf(), true, true)
#define WG_AT_LEAST(low) WG_RANGE_((low), __builtin_inf(), false, true)
#define WG_ABOVE(low) WG_RANGE_((low), __builtin_inf(), true, true)
#define WG_BETWEEN(low, high) WG_RANGE_((low), (high), false, false)
#define WG_FROM_BELOW(low, high) WG_RANGE_((low), (high), false, true) /* [low, high) */
#define WG_RANGE_(l, h, a, b)                                           \
    {                                                                   \
        .low = (double)(l), .high = (double)(h), .above = a, .below = b \
    }

/* One option. preset: its default, unless required is true. choice: for an enum, the names of its values, terminated by NULL. */
typedef struct wg_option {
    const char *name;
    wg_option_type type;
    bool required;
    size_t offset; /* in the struct of options */
    double preset;
    wg_range range;
    const char *const *choice;
    const char *help;
} wg_option;

/* All options of a kind. size: the size of its struct of options. */
typedef struct wg_option_table {
    const wg_option *option;
    size_t n, size;
} wg_option_table;

/* Defaults of options that must be given: a double, an int64_t. The error says so if one is not. */
#define WG_REQUIRED_REAL __builtin_nan("")
#define WG_REQUIRED_INT INT64_MIN

/* An option that is not given, where a struct has all options of several kinds: a NaN of its own. Any other NaN is a value, and refused. */
#define WG_NOT_SET __builtin_nan("0x5e7")

/* Table entries for members of a struct. The range is the last argument because it contains commas. */
#define WG_OPTION_BOOL_OF(struct_type, member, value, text) \
    WG_OPTION_(struct_type, member, WG_OPTION_BOOL, false, value, NULL, text, WG_BETWEEN(0, 1))
#define WG_OPTION_INT_OF(struct_type, member, value, text, ...) \
    WG_OPTION_(struct_type, member, WG_OPTION_INT, false, value, NULL, text, __VA_ARGS__)
#define WG_OPTION_REAL_OF(struct_type, member, value, text, ...) \
    WG_OPTION_(struct_type, member, WG_OPTION_REAL, false, value, NULL, text, __VA_ARGS__)
#define WG_OPTION_PAIR_OF(struct_type, member, value, text, ...) \
    WG_OPTION_AT_(struct_type, member, member.at, WG_OPTION_PAIR, false, value, NULL, text, __VA_ARGS__) /* value: of both */
#define WG_OPTION_TRIPLE_OF(struct_type, member, value, text, ...) \
    WG_OPTION_AT_(struct_type, member, member.at, WG_OPTION_TRIPLE, false, value, NULL, text, __VA_ARGS__) /* value: of all three */
#define WG_OPTION_DTYPE_OF(struct_type, member, value, text) \
    WG_OPTION_(struct_type, member, WG_OPTION_DTYPE, false, value, NULL, text, WG_BETWEEN(WG_F32, WG_F64))
#define WG_OPTION_CHOICE_OF(struct_type, member, value, text, names) \
    WG_OPTION_(struct_type, member, WG_OPTION_CHOICE, false, value, names, text, WG_ANY_VALUE)
#define WG_OPTION_TENSOR_OF(struct_type, member, text) \
    WG_OPTION_(struct_type, member, WG_OPTION_TENSOR, false, 0, NULL, text, WG_ANY_VALUE)
#define WG_OPTION_MILESTONES_OF(struct_type, member, text) \
    WG_OPTION_(struct_type, member, WG_OPTION_MILESTONES, false, 0, NULL, text, WG_AT_LEAST(0))
#define WG_OPTION_SHAPE_OF(struct_type, member, text, ...)                 \
    WG_OPTION_(struct_type, member, WG_OPTION_SHAPE, false, 0, NULL, text, \
               __VA_ARGS__) /* at first of no axis; the range is of extents */
#define WG_OPTION_SIZE_OF(struct_type, member, text, ...) \
    WG_OPTION_(struct_type, member, WG_OPTION_INT, true, 0, NULL, text, __VA_ARGS__) /* a required option */
#define WG_OPTION_(struct_type, member, ...) WG_OPTION_AT_(struct_type, member, member, __VA_ARGS__)
#define WG_OPTION_AT_(struct_type, member, place, kind, needed, value, names, text, ...)                                          \
    {                                                                                                                             \
        .name = #member, .type = (kind), .required = (needed), .offset = offsetof(struct_type, place), .preset = (double)(value), \
        .range = __VA_ARGS__, .choice = (names), .help = (text)                                                                   \
    }

/* One list for a kind of your own: its struct of options, their table and their defaults. The list hands X the name of the struct and
   an option: its type, its name and the further arguments of WG_OPTION_type_OF.

       #define RADIAL_OPTIONS(X, T)                                \
           X(T, SIZE, in, "features of x", WG_AT_LEAST(1))          \
           X(T, REAL, width, 1, "of the bell", WG_ABOVE(0))
       WG_OPTION_STRUCT(radial_options, RADIAL_OPTIONS);
       WG_OPTION_TABLE(radial_table, radial_options, RADIAL_OPTIONS);
       #define radial(in_, ...) radial_with(WG_OPTIONS(radial_options, .in = (in_), WG_OPTION_PRESETS(RADIAL_OPTIONS) __VA_ARGS__))

   Sizes have no default and come first. */
#define WG_OPTION_STRUCT(T, list)  \
    typedef struct WG_NAMED T {    \
        list(WG_OPTION_MEMBER_, T) \
    } T
#define WG_OPTION_TABLE(table, T, list)                                      \
    static const wg_option table##_entries_[] = {list(WG_OPTION_ENTRY_, T)}; \
    static const wg_option_table table = {table##_entries_, sizeof table##_entries_ / sizeof *table##_entries_, sizeof(T)}
#define WG_OPTION_PRESETS(list) list(WG_OPTION_PRESET_, )

#define WG_OPTION_MEMBER_(T, type, ...) WG_OPTION_MEMBER_##type##_(__VA_ARGS__)
#define WG_OPTION_MEMBER_SIZE_(name, ...) int64_t name;
#define WG_OPTION_MEMBER_INT_(name, ...) int64_t name;
#define WG_OPTION_MEMBER_REAL_(name, ...) double name;
#define WG_OPTION_MEMBER_BOOL_(name, ...) bool name;
#define WG_OPTION_MEMBER_PAIR_(name, ...) wg_pair name;
#define WG_OPTION_MEMBER_TRIPLE_(name, ...) wg_triple name;
#define WG_OPTION_MEMBER_SHAPE_(name, ...) wg_shape name;
#define WG_OPTION_MEMBER_DTYPE_(name, ...) wg_dtype name;
#define WG_OPTION_MEMBER_TENSOR_(name, ...) wg_tensor *name;
#define WG_OPTION_MEMBER_CHOICE_(name, ...) unsigned name; /* takes an enumerator */

#define WG_OPTION_ENTRY_(T, type, ...) WG_OPTION_##type##_OF(T, __VA_ARGS__),

#define WG_OPTION_PRESET_(T, type, ...) WG_OPTION_PRESET_##type##_(__VA_ARGS__)
#define WG_OPTION_PRESET_SIZE_(name, ...)
#define WG_OPTION_PRESET_INT_(name, value, ...) .name = (value),
#define WG_OPTION_PRESET_REAL_(name, value, ...) .name = (value),
#define WG_OPTION_PRESET_BOOL_(name, value, ...) .name = (value),
#define WG_OPTION_PRESET_PAIR_(name, value, ...) .name = WG_PAIR(value, value),
#define WG_OPTION_PRESET_TRIPLE_(name, value, ...) .name = WG_TRIPLE(value, value, value),
#define WG_OPTION_PRESET_SHAPE_(name, ...) .name = WG_NO_EXTENTS,
#define WG_OPTION_PRESET_DTYPE_(name, value, ...) .name = (value),
#define WG_OPTION_PRESET_TENSOR_(name, ...) .name = WG_NONE,
#define WG_OPTION_PRESET_CHOICE_(name, value, ...) .name = (value),

/* Checks that every value is in its range. The message of E_ARGUMENT, or E_DTYPE, names op, the option, its range and the value. */
WG_API WG_MUST_CHECK wg_status wg_options_check(wg_option_table table, const void *options, const char *op);

/* Sets or reads an option by its name. Numbers represent all types: 0 or 1 for a bool, its value for an enum, all values of a pair or triple,
   which read as NaN if they differ. On failure nothing changes. E_ARGUMENT: a name that the table does not contain (the message lists
   those that it contains), a value out of range, or an option that is a tensor or a list. */
WG_API WG_MUST_CHECK wg_status wg_options_set(wg_option_table table, void *options, const char *name, double value, const char *op);
WG_API WG_MUST_CHECK wg_status wg_options_get(wg_option_table table, const void *options, const char *name, double *value,
                                              const char *op);

/* Writes options as text, "in=2, out=8, bias=true": the required ones in order, then those that differ from their default, or
   all of the others if all is true. Returns text, which is cut to size. */
WG_API char *wg_options_text(wg_option_table table, const void *options, bool all, char *text, size_t size);

/* The inverse: reads text such as "in=2, out=8, bias=true" into options, in any order; an option that is not named keeps its value.
   On failure nothing changes. E_ARGUMENT: an unknown name or one that is given twice, a value that is none or out of its range, with the
   position in the text;
   E_DTYPE, E_NULL, E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_options_parse(wg_option_table table, void *options, const char *text, const char *op);

/* Sets every option to its default; required ones are 0, and tensors WG_NONE. */
WG_API void wg_options_reset(wg_option_table table, void *options);

#ifdef __cplusplus
}
#endif

#endif
