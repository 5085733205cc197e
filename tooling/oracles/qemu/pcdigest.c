// QEMU TCG plugin (plugin API 1, QEMU 7.2 and later): a digest of the program counters, one line every `every` instructions.
// digest.ts defines the digest and computes the same; plugin.ts builds this file.
//
//   -plugin ./libpcdigest.so,out=FILE[,every=65536][,limit=BLOCKS][,trace=FILE,from=N,to=M]
//
// out    one line per block: "<block> <digest, 16 hex digits> <pc of the block's last instruction, hex>"
// limit  QEMU ends (exit status 0) after that many blocks; without it, QEMU runs on
// trace  also write "<n> <pc> <instruction word>" for the instructions n with from <= n < to (n counts from 0)
//
// One virtual CPU only: the callbacks share the state without a lock.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The part of the plugin interface that is used here, declared by hand because Debian packages no header.
#define EXPORT __attribute__((visibility("default")))
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct qemu_info_t qemu_info_t;
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu_index, void *userdata);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *userdata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t cb, enum qemu_plugin_cb_flags flags,
                                            void *userdata);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t cb, void *userdata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

static uint64_t digest = 0xcbf29ce484222325u;
static uint64_t count, next, block, every = 65536, limit, from, to;
static FILE *out, *trace;

typedef struct {
    uint64_t pc;
    uint32_t word;
} Insn; // trace mode only; never freed (a few MB for a whole boot)

static void finish(qemu_plugin_id_t id, void *unused)
{
    (void)id, (void)unused;
    fclose(out);
    if (trace) fclose(trace);
}

static inline void step(uint64_t pc)
{
    digest = (digest ^ pc) * 0x100000001b3u;
    if (++count != next) return;
    next += every;
    fprintf(out, "%" PRIu64 " %016" PRIx64 " %" PRIx64 "\n", ++block, digest, pc);
    if (block == limit) {
        finish(0, NULL);
        _Exit(0);
    }
}

static void on_insn(unsigned int cpu, void *pc)
{
    (void)cpu;
    step((uintptr_t)pc);
}

static void on_traced_insn(unsigned int cpu, void *data)
{
    const Insn *insn = data;
    (void)cpu;
    if (count >= from && count < to) fprintf(trace, "%" PRIu64 " %" PRIx64 " %08x\n", count, insn->pc, insn->word);
    step(insn->pc);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t pc = qemu_plugin_insn_vaddr(insn);
        if (!trace) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)pc);
            continue;
        }
        Insn *copy = malloc(sizeof *copy);
        if (!copy) perror("pcdigest"), exit(2);
        copy->pc = pc;
        memcpy(&copy->word, qemu_plugin_insn_data(insn), 4);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_traced_insn, QEMU_PLUGIN_CB_NO_REGS, copy);
    }
}

static FILE *create(const char *name)
{
    FILE *f = fopen(name, "w");
    if (!f) perror(name), exit(2);
    return f;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value) return fprintf(stderr, "pcdigest: %s: expected key=value\n", argv[i]), -1;
        *value++ = 0;
        if (!strcmp(argv[i], "out")) out = create(value);
        else if (!strcmp(argv[i], "trace")) trace = create(value);
        else if (!strcmp(argv[i], "every")) every = strtoull(value, NULL, 0);
        else if (!strcmp(argv[i], "limit")) limit = strtoull(value, NULL, 0);
        else if (!strcmp(argv[i], "from")) from = strtoull(value, NULL, 0);
        else if (!strcmp(argv[i], "to")) to = strtoull(value, NULL, 0);
        else return fprintf(stderr, "pcdigest: unknown key %s\n", argv[i]), -1;
    }
    if (!out || !every) return fprintf(stderr, "pcdigest: out= is needed, every= must not be 0\n"), -1;
    next = every;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
