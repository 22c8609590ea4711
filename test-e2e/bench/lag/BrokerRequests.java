import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * What brokers have served since their start, by their own counters (RequestsPerSec of kafka.network).
 * Arguments: the process ids of brokers on this machine. For each line on standard input it prints a line
 * `broker request count` for each kind of request, brokers counted from 1, and then an empty line.
 * It attaches to the running brokers, which need no setting for it.
 */
class BrokerRequests {
  public static void main(String[] pids) throws Exception {
    List<MBeanServerConnection> brokers = new ArrayList<>();
    for (String pid : pids) {
      VirtualMachine machine = VirtualMachine.attach(pid);
      String address = machine.startLocalManagementAgent();
      machine.detach();
      brokers.add(JMXConnectorFactory.connect(new JMXServiceURL(address)).getMBeanServerConnection());
    }
    ObjectName counters = new ObjectName("kafka.network:type=RequestMetrics,name=RequestsPerSec,*");
    BufferedReader asked = new BufferedReader(new InputStreamReader(System.in));
    while (asked.readLine() != null) {
      for (int i = 0; i < brokers.size(); i++) {
        MBeanServerConnection broker = brokers.get(i);
        for (ObjectName counter : broker.queryNames(counters, null)) {
          Object count = broker.getAttribute(counter, "Count");
          System.out.println((i + 1) + " " + counter.getKeyProperty("request") + " " + count);
        }
      }
      System.out.println();
      System.out.flush();
    }
  }
}
