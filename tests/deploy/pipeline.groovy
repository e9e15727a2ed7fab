// Runs a declarative Jenkinsfile without Jenkins: the sections and steps that ours uses, and no others. What is not known
// here is an error, so that a step which was never tried cannot pass for one that was.
//
//   groovy pipeline.groovy Jenkinsfile BRANCH name=value...      parameters of the run; `approve=no` refuses the approval

class Failed extends RuntimeException {
    Failed(String why) { super(why) }
}

class Run {
    String branch
    boolean approves
    Map<String, Object> params = [:]
    Map<String, String> env = [:]
    List<Closure> after = []
    boolean failed = false

    void say(String line) { println "pipeline: ${line}" }

    void within(Map<String, String> more, Closure body) {
        Map<String, String> before = new LinkedHashMap(env)
        env.putAll(more)
        try { body() } finally { env = before }
    }
}

// A block whose words are the methods of this class.
abstract class Block {
    Run run

    Block(Run run) { this.run = run }

    def open(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_ONLY
        body()
        return this
    }

    Map getParams() { run.params }
}

class Pipeline extends Block {
    Pipeline(Run run) { super(run) }
    def agent(Closure body) { new Agent(run).open(body) }
    def options(Closure body) { new Options(run).open(body) }
    def parameters(Closure body) { new Parameters(run).open(body) }
    def environment(Closure body) { run.env.putAll(new Environment(run).open(body).set) }
    def stages(Closure body) { new Stages(run).open(body) }
    def post(Closure body) { run.after << body }
}

class Agent extends Block {
    Agent(Run run) { super(run) }
    def label(String name) { }
}

class Options extends Block {
    Options(Run run) { super(run) }
    def timestamps() { }
    def disableConcurrentBuilds() { }
    def skipDefaultCheckout() { }
    def timeout(Map limit) { assert limit.time > 0 && limit.unit in ['MINUTES', 'HOURS'] }
    def buildDiscarder(kept) { }
    def logRotator(Map kept) { kept }
}

class Parameters extends Block {
    Parameters(Run run) { super(run) }
    def string(Map given) { run.params.putIfAbsent(given.name, given.defaultValue) }
    def booleanParam(Map given) {
        run.params[given.name] = run.params.containsKey(given.name) ? run.params[given.name] == 'true' : given.defaultValue
    }
}

class Environment extends Block {
    Map<String, String> set = [:]
    Environment(Run run) { super(run) }
    void setProperty(String name, value) {
        if (name in ['run', 'set']) { this.@"${name}" = value } else { set[name] = value.toString() }
    }
}

class Stages extends Block {
    Stages(Run run) { super(run) }
    def stage(String name, Closure body) {
        Stage stage = new Stage(run).open(body)
        if (run.failed || !stage.wanted) {
            run.say "skips ${name}"
            return
        }
        run.say "stage ${name}"
        run.within(stage.env) {
            try {
                new Steps(run).open(stage.work)
            } catch (Failed failure) {
                run.failed = true
                run.say "fails in ${name}: ${failure.message}"
            }
            stage.after.each { new After(run, run.failed).open(it) }
        }
    }
}

class Stage extends Block {
    Closure work
    List<Closure> after = []
    Map<String, String> env = [:]
    boolean wanted = true
    Stage(Run run) { super(run) }
    def when(Closure body) { wanted = new When(run).open(body).holds }
    def options(Closure body) { new Options(run).open(body) }
    def environment(Closure body) { env = new Environment(run).open(body).set }
    def steps(Closure body) { work = body }
    def post(Closure body) { after << body }
}

class When extends Block {
    boolean holds = true
    When(Run run) { super(run) }
    def branch(String name) { holds = holds && run.branch == name }
}

class After extends Block {
    boolean failed
    After(Run run, boolean failed) {
        super(run)
        this.failed = failed
    }
    def always(Closure body) { attempt(body) }
    def unsuccessful(Closure body) { if (failed) { attempt(body) } }
    void attempt(Closure body) {
        try {
            new Steps(run).open(body)
        } catch (Failed failure) {
            run.failed = true
            run.say "fails afterwards: ${failure.message}"
        }
    }
}

class Steps extends Block {
    Steps(Run run) { super(run) }
    def getScm() { 'the commit' }
    def checkout(what) { }
    def file(Map credential) { credential }
    def archiveArtifacts(Map kept) { run.say "keeps ${kept.artifacts}" }
    def input(Map question) { if (!run.approves) { throw new Failed('nobody approved') } }
    def withCredentials(List<Map> given, Closure body) {
        run.within(given.collectEntries { [it.variable, "/secret/${it.credentialsId}".toString()] }) { new Steps(run).open(body) }
    }
    def sh(String command) {
        run.say "runs ${command}"
        ProcessBuilder builder = new ProcessBuilder('sh', '-ec', command).redirectErrorStream(true)
        builder.environment().putAll(run.env)
        Process process = builder.start()
        process.outputStream.close()
        print process.inputStream.text
        if (process.waitFor() != 0) { throw new Failed("'${command}' ended with ${process.exitValue()}") }
    }
}

Map<String, String> given = args.drop(2).collectEntries { it.split('=', 2) as List }
Run run = new Run(branch: args[1], approves: given.remove('approve') != 'no', params: given)
Binding binding = new Binding(pipeline: { Closure body -> new Pipeline(run).open(body) })
new GroovyShell(binding).evaluate(new File(args[0]))
run.after.each { new After(run, run.failed).open(it) }
System.exit(run.failed ? 1 : 0)
